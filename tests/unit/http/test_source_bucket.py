"""One source cannot make us send without end, and cannot spoil it for others."""

from __future__ import annotations

import pytest

from shared.errors import RateLimited
from shared.http.source_bucket import MOST_SOURCES, SourceBucket, network_of
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def taken(bucket: SourceBucket, source_ip: str, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            bucket.take(source_ip)
        except RateLimited:
            continue
        count += 1
    return count


def test_a_burst_and_then_so_many_per_minute(clock: FakeClock) -> None:
    bucket = SourceBucket(clock, per_minute=6, burst=3)
    assert taken(bucket, "192.0.2.1", 10) == 3
    clock.advance_ms(9_999)
    assert taken(bucket, "192.0.2.1", 1) == 0
    clock.advance_ms(1)
    assert taken(bucket, "192.0.2.1", 2) == 1
    clock.advance_s(3600)
    assert taken(bucket, "192.0.2.1", 10) == 3


def test_asking_in_vain_costs_nothing(clock: FakeClock) -> None:
    bucket = SourceBucket(clock, per_minute=60, burst=1)
    bucket.take("192.0.2.1")
    for _ in range(10):
        clock.advance_ms(100)
        assert taken(bucket, "192.0.2.1", 1) == int(clock.monotonic_ms() == 1000)


def test_who_comes_back_when_told_is_let_in(clock: FakeClock) -> None:
    bucket = SourceBucket(clock, per_minute=7, burst=2)
    for _ in range(50):
        try:
            bucket.take("192.0.2.1")
        except RateLimited as error:
            assert error.retry_after_s is not None
            assert error.retry_after_s >= 1
            clock.advance_s(error.retry_after_s)
            bucket.take("192.0.2.1")


def test_sources_do_not_share_a_bucket(clock: FakeClock) -> None:
    bucket = SourceBucket(clock, per_minute=1, burst=1)
    assert [taken(bucket, f"192.0.2.{n}", 2) for n in range(5)] == [1] * 5


def test_memory_is_bounded_and_the_longest_silent_source_goes_first(clock: FakeClock) -> None:
    bucket = SourceBucket(clock, per_minute=1, burst=1)
    for n in range(MOST_SOURCES + 1):
        bucket.take(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
    assert len(bucket._buckets) == MOST_SOURCES
    assert taken(bucket, "10.0.0.1", 1) == 0
    assert taken(bucket, "10.0.0.0", 1) == 1


@pytest.mark.parametrize(("source_ip", "network"), [
    ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8:1:2::", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("", "unknown"), ("1.2.3", "unknown"),
    ("192.0.2.1, 10.0.0.1", "unknown"), ("\ud800", "unknown")])
def test_a_source_is_an_address_or_a_subscribers_network(source_ip: str, network: str) -> None:
    assert network_of(source_ip) == network


def test_two_ipv4_callers_do_not_share_because_they_came_mapped(clock: FakeClock) -> None:
    bucket = SourceBucket(clock, per_minute=1, burst=1)
    assert [taken(bucket, f"::ffff:192.0.2.{n}", 2) for n in (1, 2)] == [1, 1]

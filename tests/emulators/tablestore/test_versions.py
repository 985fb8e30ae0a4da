"""Versions of columns and their life: max_versions, time ranges, TTL under a moved clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots

from .support import DAY_MS, EXPECT_NOT_EXIST, START_MS, create_table, get, put, scan, update
from .test_rows import check_failed
from .test_tables import refused

if TYPE_CHECKING:
    from .support import Clock


def versions(client: ots.OTSClient, **options: Any) -> list[tuple[int, Any]] | None:
    """(milliseconds after the start, value) of column `a`, as read."""
    _, row, _ = client.get_row("orders", [("id", "1")], **options)
    if row is None:
        return None
    return [(version - START_MS, value) for _, value, version in row.attribute_columns]


def write_three(client: ots.OTSClient, clock: Clock) -> None:
    """Values 0, 10, 20 written at 0, 10 and 20 ms."""
    for value in (0, 10, 20):
        update(client, "1", {"PUT": [("a", value)]})
        clock.advance(10)


def test_a_value_carries_the_time_it_was_written(orders: ots.OTSClient, clock: Clock) -> None:
    clock.advance(7)
    put(orders, "1", {"a": 1})
    assert versions(orders, max_version=1) == [(7, 1)]


def test_the_newest_versions_are_kept(client: ots.OTSClient, clock: Clock) -> None:
    create_table(client, max_version=2)
    write_three(client, clock)
    assert versions(client, max_version=9) == [(20, 20), (10, 10)]
    assert versions(client, max_version=1) == [(20, 20)]


def test_a_put_forgets_all_versions(client: ots.OTSClient, clock: Clock) -> None:
    create_table(client, max_version=3)
    write_three(client, clock)
    put(client, "1", {"a": 30})
    assert versions(client, max_version=9) == [(30, 30)]


def test_a_write_in_the_same_millisecond_replaces_the_value(client: ots.OTSClient) -> None:
    create_table(client, max_version=3)
    update(client, "1", {"PUT": [("a", 1)]})
    update(client, "1", {"PUT": [("a", 2)]})
    assert versions(client, max_version=9) == [(0, 2)]


def test_a_time_range_is_half_open(client: ots.OTSClient, clock: Clock) -> None:
    create_table(client, max_version=3)
    write_three(client, clock)
    assert versions(client, time_range=(START_MS, START_MS + 20), max_version=None) == [
        (10, 10),
        (0, 0),
    ]
    assert versions(client, time_range=START_MS + 20, max_version=None) == [(20, 20)]
    assert versions(client, time_range=START_MS + 21, max_version=None) is None


def test_lowering_max_versions_hides_old_versions(client: ots.OTSClient, clock: Clock) -> None:
    create_table(client, max_version=3)
    write_three(client, clock)
    client.update_table("orders", ots.TableOptions(None, 1, None))
    assert versions(client, max_version=9) == [(20, 20)]


def test_one_version_or_all_are_deleted(client: ots.OTSClient, clock: Clock) -> None:
    create_table(client, max_version=3)
    write_three(client, clock)
    update(client, "1", {"DELETE": [("a", None, START_MS + 10)]})
    assert versions(client, max_version=9) == [(20, 20), (0, 0)]
    update(client, "1", {"DELETE_ALL": ["a"]})
    assert versions(client, max_version=9) == []


def test_deleting_the_only_version_leaves_a_row_without_columns(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1})
    update(orders, "1", {"DELETE": [("a", None, START_MS)]})
    assert get(orders, "1") == {}
    check_failed(put, orders, "1", expect=EXPECT_NOT_EXIST)


def test_a_client_may_set_the_version(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": (1, START_MS - 5000)})
    assert versions(orders, max_version=1) == [(-5000, 1)]


def test_an_older_version_does_not_replace_a_newer_one(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1})
    update(orders, "1", {"PUT": [("a", 2, START_MS - 1)]})
    assert versions(orders, max_version=1) == [(0, 1)]


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(-101, False), (-100, True), (99, True), (100, False)]
)
def test_a_set_version_is_near_the_time(
    client: ots.OTSClient, seconds: int, accepted: bool
) -> None:
    create_table(client, max_time_deviation=100)
    columns = {"a": (1, START_MS + seconds * 1000)}
    if accepted:
        put(client, "1", columns)
    else:
        message = refused("OTSParameterInvalid", 400, put, client, "1", columns)
        assert message == "Invalid timestamp. Cell:a."


def test_an_expired_row_is_gone_for_reads_ranges_and_conditions(
    client: ots.OTSClient, clock: Clock
) -> None:
    create_table(client, time_to_live=86_400)
    put(client, "1", {"a": 1})
    clock.advance(DAY_MS)
    assert get(client, "1") == {"a": 1}
    check_failed(put, client, "1", expect=EXPECT_NOT_EXIST)
    clock.advance(1000)
    assert get(client, "1") is None
    assert scan(client) == []
    put(client, "1", {"a": 2}, expect=EXPECT_NOT_EXIST)
    assert get(client, "1") == {"a": 2}


def test_columns_expire_one_by_one(client: ots.OTSClient, clock: Clock) -> None:
    create_table(client, time_to_live=86_400)
    put(client, "1", {"a": 1})
    clock.advance(DAY_MS // 2)
    update(client, "1", {"PUT": [("b", 2)]})
    clock.advance(DAY_MS // 2 + 1000)
    assert get(client, "1") == {"b": 2}


def test_a_counter_begins_anew_after_its_expiry(client: ots.OTSClient, clock: Clock) -> None:
    create_table(client, time_to_live=86_400)
    update(client, "1", {"INCREMENT": [("n", 5)]})
    clock.advance(DAY_MS + 1000)
    update(client, "1", {"INCREMENT": [("n", 1)]})
    assert get(client, "1") == {"n": 1}


def test_rows_without_ttl_stay(orders: ots.OTSClient, clock: Clock) -> None:
    put(orders, "1", {"a": 1})
    clock.advance(100 * 365 * DAY_MS)
    assert get(orders, "1") == {"a": 1}


def test_a_table_may_forbid_updates(client: ots.OTSClient) -> None:
    create_table(client, allow_update=False)
    put(client, "1", {"a": 1})
    refused("OTSParameterInvalid", 400, update, client, "1", {"PUT": [("a", 2)]})
    put(client, "1", {"a": 2})
    assert get(client, "1") == {"a": 2}

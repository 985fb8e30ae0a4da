"""Notifies whose headers are missing, doubled, renamed or oversized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.refusals import GENUINE, SIGNED_HEADERS, refusal, refused

if TYPE_CHECKING:
    from collections.abc import Callable


# 1, 2, 3: headers that are not there

@pytest.mark.parametrize("name", SIGNED_HEADERS)
@pytest.mark.parametrize(("value", "reason"), [
    (None, "header_missing"), ("", "header_malformed")])
def test_a_missing_or_empty_header(name: str, value: str | None, reason: str) -> None:
    assert refused(GENUINE.but(headers={name: value})) == reason


def test_no_headers_at_all() -> None:
    assert refusal({}, GENUINE.body_bytes()) == "header_missing"


# 32, 33, 34: headers that two readers read in two ways

@pytest.mark.parametrize("name", SIGNED_HEADERS)
def test_two_headers_of_one_name_joined_by_a_comma(name: str) -> None:
    value = GENUINE.send()[0][name]
    for joined in (f"{value},{value}", f"{value}, {value}", f"{value},", f",{value}"):
        assert refused(GENUINE.but(headers={name: joined})) == "header_ambiguous"


@pytest.mark.parametrize("name", SIGNED_HEADERS)
@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: v.encode(), lambda _v: 1])
def test_a_header_that_is_not_text(name: str, wrap: Callable[[str], Any]) -> None:
    value = GENUINE.send()[0][name]
    assert refused(GENUINE.but(headers={name: wrap(value)})) == "header_malformed"


@pytest.mark.parametrize("name", SIGNED_HEADERS)
def test_other_families_of_header_names_do_not_count(name: str) -> None:
    headers, body = GENUINE.send()
    value = headers.pop(name)
    for other in (name.title(), name.upper(), f"HTTP_{name.upper().replace('-', '_')}",
                  name.replace("-", "_"), f" {name}"):
        assert refusal({**headers, other: value}, body) == "header_missing"


@pytest.mark.parametrize("nonce", ["a b", "a\r\nb", "a\tb", "a\x00b", "nonce-宝", "\x7f"])
def test_a_nonce_with_other_than_visible_characters(nonce: str) -> None:
    assert refused(GENUINE.but(nonce=nonce)) == "header_malformed"


def test_headers_of_eight_kilobytes() -> None:
    assert refused(GENUINE.but(nonce="n" * 8192)) == "header_malformed"


def test_five_hundred_headers_cost_nothing() -> None:
    many = {f"x-{number}": "y" for number in range(500)}
    assert wechat.verifier().verify(*GENUINE.but(headers=many).send(), wechat.NOW_S).was_paid

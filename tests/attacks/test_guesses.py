"""Attacks 73 and 74: numbers and keys, guessed, mistyped, disguised, or tried by the hundred.

What cannot be a number or key is told before anything is read; what could be one, and is not,
looks the same whatever it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from shared.domain import identifiers
from shared.domain.license_key import LicenseKeys, shown
from tests.attacks.asking import Asking
from tests.attacks.devices import Owned, owned
from tests.wire.deployment import LICENSE_SECRET
from tests.wire.device import Device

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.shop import Seen, Shop

NUMBER, KEY = "order_number", "license_key"
MISTYPED = {NUMBER: "ORDER_NUMBER_MISTYPED", KEY: "LICENSE_KEY_MISTYPED"}
GUESS = "a-guess-of-somebody-0123456789"
OURS, THEIRS = (LicenseKeys({"1": secret.encode()}) for secret in (
    LICENSE_SECRET, "another-secret-of-license-keys-0002"))
NEWER = LicenseKeys({"2": LICENSE_SECRET.encode()})
UNKNOWN = {
    "a number that was guessed": {NUMBER: identifiers.out_trade_no("TB01", "test", GUESS)},
    "a number of another deployment": {NUMBER: identifiers.out_trade_no("TB02", "test", GUESS)},
    "a number of another environment": {NUMBER: identifiers.out_trade_no("TB01", "live", GUESS)},
    "a key that was guessed": {KEY: shown(OURS.new("0" * 26))},
    "a key of another deployment": {KEY: shown(THEIRS.new("0" * 26))},
    "a key of a version that is not here": {KEY: shown(NEWER.new("0" * 26))}}


class Disguise(NamedTuple):
    """Another spelling of a good text; `code` None: it is understood, as people mean it."""

    name: str
    code: str | None
    change: Callable[[str], str]


FIELD = "INVALID_FIELD"
TYPED = "mistyped"
DISGUISES = [
    Disguise("a symbol less", TYPED, lambda it: it[:-1]),
    Disguise("a symbol more", TYPED, lambda it: it + "0"),
    Disguise("the check symbol of another", TYPED, lambda it: it[:-1] + ("0" if it[-1] != "0"
                                                                         else "1")),
    Disguise("two symbols exchanged", TYPED, lambda it: swapped(it)),
    Disguise("full-width letters", TYPED, lambda it: "".join(
        chr(ord(symbol) + 0xFEE0) for symbol in it)),
    Disguise("a Cyrillic letter", TYPED, lambda it: it.replace("T", "\u0422", 1)),
    Disguise("a Greek letter", TYPED, lambda it: it.replace("B", "\u0392", 1)),
    Disguise("Arabic digits", TYPED, lambda it: it.replace("1", "\u0661")),
    Disguise("bold digits", TYPED, lambda it: it.replace("1", "\U0001d7cf")),
    Disguise("a zero-width space inside", TYPED, lambda it: it[:3] + "\u200b" + it[3:]),
    Disguise("a line feed inside", TYPED, lambda it: it[:3] + "\n" + it[3:]),
    Disguise("NUL at the end", "INVALID_JSON", lambda it: it + "\0"),
    Disguise("a wildcard", TYPED, lambda it: it[:-1] + "*"),
    Disguise("a path", TYPED, lambda it: "../" + it),
    Disguise("SQL", TYPED, lambda it: it + "' OR '1'='1"),
    Disguise("a log line", TYPED, lambda it: '"}\n{"fact":"order.paid"}'),
    Disguise("nothing", FIELD, lambda it: ""),
    Disguise("4096 characters", FIELD, lambda it: (it * 200)[:4096]),
    Disguise("4096 dashes around it", FIELD, lambda it: it + "-" * 4096),
    Disguise("small letters", None, str.lower),
    Disguise("spaces around it", None, lambda it: f"  {it} "),
    Disguise("dashes and spaces in other places", None, lambda it: "- ".join(
        (it[:2], it[2:])).replace("--", "-")),
    Disguise("O for 0, l for 1", None, lambda it: it.replace("0", "O").replace("1", "l")),
]


def swapped(text: str) -> str:
    """With the first two neighbors that differ exchanged, after the mark."""
    at = next(at for at in range(6, len(text)) if text[at] != text[at + 1]
              and "-" not in text[at:at + 2])
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


@pytest.fixture(scope="module")
def mine(shop: Shop) -> Owned:
    """One license for all: its owner's device is active, and asks again."""
    return owned(shop)


def told(seen: Seen) -> tuple[object, ...]:
    return seen.status, seen.headers, seen.text, seen.store


@pytest.mark.parametrize("name", UNKNOWN)
def test_73_what_is_not_ours_looks_like_what_is_not(shop: Shop, mine: Owned, name: str) -> None:
    device = Device()
    seen = shop.ask(Asking.restore(device, **UNKNOWN[name]))
    assert (seen.status, seen.code) == (404, "LICENSE_NOT_FOUND")
    assert (seen.store, seen.written, seen.calls) == (("GetRow",), set(), 0)
    first = shop.ask(Asking.restore(device, **UNKNOWN["a number that was guessed"]))
    assert told(seen) == told(first)
    assert mine.by_number(mine.owner).status == mine.by_key(mine.owner).status == 200


def test_73_who_names_another_s_device_learns_nothing_more(shop: Shop) -> None:
    device = Device()
    for fields in UNKNOWN.values():
        plain = shop.ask(Asking.restore(device, **fields))
        assert told(shop.ask(Asking.restore(device, **fields, replaces="0" * 26))) == told(plain)


def test_73_an_unpaid_order_has_no_key_yet_and_tells_only_that(shop: Shop) -> None:
    """Who has its number placed it; the key that it will have is like any other's."""
    bought = shop.purchase(paid=False)
    unpaid = shop.ask(Asking.restore(Device(), order_number=bought.out_trade_no))
    assert (unpaid.status, unpaid.code, unpaid.store) == (409, "ORDER_NOT_PAID", ("GetRow",))
    assert set(unpaid.body["error"]) == {"code", "message", "message_zh", "request_id",
                                         "retry_after_s"}
    by_key = shop.ask(Asking.restore(Device(), license_key=shown(OURS.new(bought.order_id))))
    guessed = shop.ask(Asking.restore(Device(), **UNKNOWN["a key that was guessed"]))
    assert told(by_key) == told(guessed)


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda it: it.name)
@pytest.mark.parametrize("field", [NUMBER, KEY])
def test_73_a_typing_error_is_told_before_anything_is_read(shop: Shop, mine: Owned, field: str,
                                                           disguise: Disguise) -> None:
    good = mine.bought.out_trade_no if field == NUMBER else mine.license_key
    typed = disguise.change(good)
    seen = shop.ask(Asking.restore(mine.owner, **{field: typed}))
    if disguise.code is None:
        assert (seen.status, seen.body["license"]["license_id"]) == (200, mine.license_id)
        return
    code = MISTYPED[field] if disguise.code == TYPED else disguise.code
    assert (seen.status, seen.code, seen.store) == (400, code, ())
    assert seen.body["error"].get("field", field) == field
    assert typed.strip() not in seen.text or not typed
    assert shop.ask(Asking.restore(mine.owner, **{field: good})).status == 200


@pytest.mark.parametrize("fields", [
    {}, {NUMBER: GUESS, KEY: GUESS}, {"replaces": "0" * 26}, {NUMBER: [GUESS]}, {NUMBER: None},
    {KEY: {"$ne": ""}}, {NUMBER: GUESS, "claim_secret": "s" * 43}, {NUMBER: GUESS, "way": "claim"},
    {KEY: GUESS, "replaces": ["0" * 26]}, {KEY: GUESS, "replaces": "0" * 4096}])
def test_51_a_restore_says_one_thing(shop: Shop, mine: Owned, fields: dict[str, object]) -> None:
    good = Asking.restore(mine.owner, license_key=mine.license_key)
    seen = shop.ask(good.but(fields={**fields, "platform": "chrome/windows"}))
    assert (seen.status, seen.code, seen.store) == (400, FIELD, ())
    assert shop.ask(good).status == 200


@pytest.mark.parametrize("platform", [
    "Chrome/Windows", "chrome/windows/x", "chrome", "x" * 4096, "<script>/x", "=cmd/x",
    "\x1b[2J/x", "chrome/\u7a97", ["chrome/windows"], None, 1])
def test_59_a_device_says_two_plain_words_of_itself(shop: Shop, mine: Owned,
                                                    platform: object) -> None:
    """Other devices show them: they are no place for text."""
    good = Asking.restore(mine.owner, license_key=mine.license_key)
    seen = shop.ask(good.with_fields(platform=platform))
    assert (seen.status, seen.code, seen.store) == (400, FIELD, ())
    assert shop.ask(good.with_fields(platform="chrome/windows")).status == 200


def test_74_a_source_tries_so_often_and_no_more(shop: Shop, mine: Owned) -> None:
    app = shop.build("license-fetch", TONGBAO_RESTORES_PER_MINUTE="3")
    good = Asking.restore(mine.owner, license_key=mine.license_key)
    guess = Asking.restore(Device(), **UNKNOWN["a key that was guessed"])
    tries = [shop.ask(asking, app) for asking in (guess, guess, good, good)]
    assert [seen.status for seen in tries] == [404, 404, 200, 429]
    limited = tries[-1]
    assert (limited.code, limited.store, limited.calls) == ("RATE_LIMITED", (), 0)
    assert 0 < int(limited.headers["Retry-After"]) <= 21
    hidden = good.but(more_headers=tuple((name, "198.51.100.9") for name in (
        "X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP")))
    assert shop.ask(hidden, app).status == 429
    assert shop.ask(good.but(source_ip="198.51.100.9"), app).status == 200


def test_74_a_subscriber_s_addresses_are_one_source(shop: Shop, mine: Owned) -> None:
    app = shop.build("license-fetch", TONGBAO_RESTORES_PER_MINUTE="1")
    good = Asking.restore(mine.owner, license_key=mine.license_key)
    asked = [shop.ask(good.but(source_ip=f"2001:db8:0:{net}::{host}"), app).status
             for net, host in ((1, 1), (1, 2), (2, 1))]
    assert asked == [200, 429, 200]


def test_74_whoever_is_active_renews_however_often(shop: Shop, mine: Owned) -> None:
    app = shop.build("license-fetch", TONGBAO_RESTORES_PER_MINUTE="1")
    asking = Asking.restore(mine.owner, license_key=mine.license_key)
    assert [shop.ask(asking, app).status for _ in range(2)] == [200, 429]
    for _ in range(3):
        assert shop.ask(Asking.refresh(mine.owner, mine.license_id), app).status == 200
        assert shop.ask(Asking.devices(mine.owner, mine.license_id), app).status == 200
        assert shop.ask(Asking.claim(mine.bought.buyer, mine.bought.order_id), app).status == 200


GUESSED: dict[str, Callable[[Owned], Asking]] = {
    "a license": lambda it: Asking.refresh(it.owner, it.license_id[::-1]),
    "a license of another form": lambda it: Asking.refresh(it.owner, "1"),
    "a license that is an order": lambda it: Asking.refresh(it.owner, it.bought.order_id),
    "a license that is a path": lambda it: Asking.refresh(it.owner, "..%2forders"),
    "a license's devices": lambda it: Asking.devices(it.owner, it.license_id[::-1]),
    "a device of a guessed license": lambda it: Asking.remove(
        it.owner, it.license_id[::-1], it.id_of(it.owner)),
    "a request of a guessed license": lambda it: Asking.decide(
        it.owner, it.license_id[::-1], "0" * 26, "approve")}


@pytest.mark.parametrize("name", GUESSED)
def test_46_a_guessed_license_is_like_one_that_is_somebody_else_s(mine: Owned,
                                                                  name: str) -> None:
    guessed = mine.shop.ask(GUESSED[name](mine))
    strange = mine.shop.ask(Asking.refresh(Device(), mine.license_id))
    assert told(guessed)[:3] == told(strange)[:3]
    assert (guessed.code, guessed.written) == ("DEVICE_NOT_ACTIVE", set())
    assert mine.refresh(mine.owner).status == 200


@pytest.mark.parametrize("device_id", ["0" * 26, "1", "*", "%00", "..%2f"])
def test_46_a_guessed_device_is_no_device(mine: Owned, device_id: str) -> None:
    seen = mine.shop.ask(Asking.remove(mine.owner, mine.license_id, device_id))
    assert (seen.status, seen.written) == (200, set())
    assert mine.holds(mine.owner)


@pytest.mark.parametrize("takeover_id", ["0" * 26, "1", "*", "%00"])
def test_46_a_guessed_request_is_not_open(shop: Shop, takeover_id: str) -> None:
    mine = owned(shop)
    mine.filled()
    mine.by_number(Device(), replaces=mine.id_of(mine.owner))
    for decision in ("approve", "object"):
        seen = mine.shop.ask(Asking.decide(mine.owner, mine.license_id, takeover_id, decision))
        assert (seen.code, seen.written) == ("TAKEOVER_NOT_OPEN", set())
    assert mine.decide(mine.owner, "object").status == 200

"""Attacks 63 and 64: a check that breaks is a refusal, and junk costs next to nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import shared
from emulators.fc import FakeContext
from tests.attacks import content_attacks, signature_attacks
from tests.attacks.asking import Asking
from tests.attacks.devices import owned
from tests.attacks.proof_attacks import KEYS
from tests.wire.deployment import Buyer
from tests.wire.device import Device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from tests.attacks.proof_attacks import BadProof
    from tests.attacks.shop import Seen, Shop

ROOT = Path(shared.__file__).parent
CHECKS = [str(ROOT / name) for name in (
    "adapters/wechatpay/notify.py", "adapters/wechatpay/verifier.py",
    "adapters/wechatpay/freshness.py", "adapters/wechatpay/keys.py",
    "adapters/wechatpay/messages.py", "adapters/wechatpay/base64_strict.py",
    "adapters/wechatpay/resource.py", "adapters/wechatpay/facts.py",
    "adapters/wechatpay/rfc3339.py", "strict_json.py", "domain/matching.py",
    "domain/money.py", "use_cases/receive_notify.py")]
"""The files in which a notify is judged; all of them run before anything is written."""
ANSWERING = {"accepted", "refused", "_invalid", "__init__", "_book", "_tell"}
"""What runs after the judgment (or is no part of it)."""
SECRETS = [str(ROOT / name) for name in (
    "use_cases/fetch_order.py", "use_cases/claim_license.py", "http/incoming.py",
    "http/device_gate.py", "adapters/device_proofs.py",
    "domain/identifiers.py")]
PROOFS = [str(ROOT / name) for name in ("http/device_gate.py", "adapters/device_proofs.py",
                                        "base64url.py")]
RULES = [str(ROOT / name) for name in ("domain/activation.py", "use_cases/manage_devices.py",
                                       "use_cases/refresh_lease.py")]


class Broken(Exception):
    """A mistake in our code, at some line."""


class BreakAt:
    """Raises Broken at the n-th line that is run of these files; None: counts them only."""

    def __init__(self, files: list[str], at: int | None, *, besides: set[str]) -> None:
        self.files, self.at, self.besides = files, at, besides
        self.lines: list[str] = []

    def __enter__(self) -> BreakAt:
        self.before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self.before)

    def _enter(self, frame: FrameType, event: str, _arg: Any) -> Any:
        code = frame.f_code
        return self._line if (code.co_filename in self.files
                              and code.co_name not in self.besides) else None

    def _line(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self.lines.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
            if len(self.lines) - 1 == self.at:
                raise Broken
        return self._line


def broken_everywhere(run: Callable[[], Seen], files: list[str], besides: set[str]
                      ) -> Iterator[tuple[str, Seen]]:
    """The answer for a mistake at each line in turn, until the lines are used up."""
    at = 0
    while True:
        with BreakAt(files, at, besides=besides) as broken:
            seen = run()
        if len(broken.lines) <= at:
            return
        yield broken.lines[at], seen
        at += 1


@pytest.mark.parametrize("fen_more", [0, 1], ids=["a genuine notify", "a wrong amount"])
def test_63_a_mistake_at_any_line_of_the_checks_books_nothing(shop: Shop, fen_more: int) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    notify = genuine.amount(total=genuine.document["amount"]["total"] + fen_more)
    broken: set[str] = set()
    for place, seen in broken_everywhere(lambda: shop.tell(notify), CHECKS, ANSWERING):
        broken.add(place)
        assert 500 <= seen.status < 600, place
        assert (seen.written, seen.calls) == (set(), 0), place
        assert not shop.is_paid(bought), place
    assert len(broken) > 90
    assert {place.partition(":")[0] for place in broken} == {Path(name).name for name in CHECKS}
    assert shop.tell(genuine).status == 200
    assert shop.is_paid(bought)


def test_63_a_mistake_at_any_line_opens_no_order(shop: Shop) -> None:
    bought = shop.purchase()
    assert shop.tell(shop.notify_of(bought)).status == 200
    stranger = Asking.claim(Buyer.fresh(), bought.order_id)
    assert shop.ask(stranger).status == 404
    broken = 0
    for place, seen in broken_everywhere(lambda: shop.ask(stranger), SECRETS, set()):
        broken += 1
        assert seen.status >= 400, place
        assert (seen.written, seen.calls) == (set(), 0), place
        assert bought.out_trade_no not in seen.text
    assert broken > 10
    assert shop.ask(Asking.claim(bought.buyer, bought.order_id)).status == 200


@pytest.mark.parametrize("bad", KEYS, ids=lambda it: it.name)
def test_63_a_mistake_at_any_line_takes_no_bad_proof(shop: Shop, bad: BadProof) -> None:
    mine = owned(shop)
    good = Asking.refresh(mine.owner, mine.license_id)
    assert shop.ask(good.but(proving=bad.prove)).status == 401
    event, broken = good.but(proving=bad.prove).event(), 0
    for place, seen in broken_everywhere(lambda: shop.fire("license-fetch", event), PROOFS, set()):
        broken += 1
        assert seen.status in (401, 500), place
        assert (seen.store, seen.calls) == ((), 0), place
    assert broken > 10
    assert shop.ask(good).status == 200


def test_63_a_mistake_at_any_line_gives_a_newcomer_no_voice(shop: Shop) -> None:
    mine, thief = owned(shop), Device()
    assert mine.by_number(thief).status == 200
    asking = Asking.remove(thief, mine.license_id, mine.id_of(mine.owner))
    broken = 0
    for place, seen in broken_everywhere(lambda: shop.ask(asking), RULES, set()):
        broken += 1
        assert seen.status in (409, 500), place
        assert seen.written == set(), place
    assert broken > 10
    assert mine.holds(mine.owner)
    assert mine.remove(mine.owner, thief).status == 200


class CountVerifies:
    """How often the RSA operation of a signature check runs."""

    def __enter__(self) -> CountVerifies:
        self.count = 0
        sys.setprofile(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _called(self, _frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ == "verify":
            self.count += 1


def test_64_no_notify_costs_more_than_one_rsa_operation(shop: Shop) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    counts = {}
    for attack in (*signature_attacks.ATTACKS, *content_attacks.ATTACKS):
        event = attack.change(genuine).event()
        with CountVerifies() as verifies:
            shop.fire("notify", event)
        counts[attack.name] = verifies.count
        cheap = attack.reason not in ("signature_wrong", *content_attacks.AFTER_THE_SIGNATURE)
        assert verifies.count <= (0 if cheap else 1), attack
    assert sum(counts.values()) > 40
    event = genuine.event()
    with CountVerifies() as verifies:
        assert shop.fire("notify", event).status == 200
    assert verifies.count == 1


@pytest.mark.parametrize("kind", ["no headers", "a wrong signature", "an unknown serial"])
def test_64_a_thousand_junk_notifies_reach_neither_store_nor_wechat(shop: Shop,
                                                                    kind: str) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    junk = {"no headers": genuine.but(headers={"Wechatpay-Signature": None}),
            "a wrong signature": genuine.but(nonce="0" * 32, headers={"Wechatpay-Nonce": "1" * 32}),
            "an unknown serial": genuine.but(serial="PUB_KEY_ID_0" + "5" * 33)}[kind].event()
    statuses = set()
    shop.store.clear_requests()
    called = len(shop.wechat.requests)
    for _ in range(1_000):
        statuses.add(shop.apps["notify"](junk, FakeContext())["statusCode"])
    assert (statuses, shop.store.requests, len(shop.wechat.requests)) == ({401}, [], called)
    assert shop.tell(genuine).status == 200

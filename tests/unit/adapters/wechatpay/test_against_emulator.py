"""The adapter against the emulator of WeChat Pay, which shares no code with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import Fault
from shared.domain.payment import TradeState
from shared.errors import InvalidNotify, ProviderRefused, ProviderUnavailable
from shared.ports import AlreadyPaid
from tests.fakes.samples import PRICE, SNAPSHOT
from tests.unit.adapters.wechatpay.emulated import NUMBER, Pair, pair

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def both() -> Iterator[Pair]:
    with pair() as made:
        yield made


def test_an_order_is_placed_paid_notified_and_queried(both: Pair) -> None:
    assert both.gateway.query(NUMBER) is None
    instruction = both.place()
    assert instruction.value.startswith("weixin://")
    before = both.gateway.query(NUMBER)
    assert before is not None
    assert before.trade_state is TradeState.UNPAID
    transaction_id = both.wechat.pay(instruction.value, coupon_fen=500)
    asked = both.gateway.query(NUMBER)
    told = both.verifier.verify(*notify(both), both.clock.now_s())
    assert asked is not None
    assert (asked.transaction_id, asked.amount) == (transaction_id, PRICE)
    assert (told.transaction_id, told.amount, told.paid_at_s) == (
        asked.transaction_id, asked.amount, asked.paid_at_s)
    assert (asked.source, told.source) == ("query", "notify")


def notify(both: Pair, *faults: Fault, **more: Any) -> tuple[dict[str, str], bytes]:
    headers, body = both.wechat.build_notify(NUMBER, faults=faults, **more)
    return {name.lower(): value for name, value in headers.items()}, body


def test_placing_again_gives_a_code_and_no_second_order(both: Pair) -> None:
    first, second = both.place(), both.place()
    assert first.kind == second.kind == "qr"
    assert len(both.wechat.orders) == 1


def test_placing_a_paid_order_again_says_that_it_was_paid(both: Pair) -> None:
    both.wechat.pay(both.place().value)
    with pytest.raises(AlreadyPaid):
        both.place()
    with pytest.raises(AlreadyPaid):
        both.gateway.close(NUMBER)


def test_placing_other_content_under_the_same_number_is_refused(both: Pair) -> None:
    both.place()
    other = both.gateway.prepare(NUMBER, SNAPSHOT, both.clock.now_s() + 7201)
    with pytest.raises(ProviderRefused):
        both.gateway.place(other, both.clock.now_s())


def test_closing_twice_is_closing_once(both: Pair) -> None:
    both.place()
    both.gateway.close(NUMBER)
    both.gateway.close(NUMBER)
    fact = both.gateway.query(NUMBER)
    assert fact is not None
    assert fact.trade_state is TradeState.CLOSED


@pytest.mark.parametrize("kind", [
    "signtest", "wrong_serial", "unsigned", "tampered_body", "truncated_body", "rate_limited",
    "system_error", "bad_gateway", "redirect"])
def test_one_faulty_answer_is_survived_by_asking_again(both: Pair, kind: str) -> None:
    both.wechat.inject(Fault(kind, "native"))
    assert both.place().kind == "qr"
    assert len(both.wechat.orders) == 1


@pytest.mark.parametrize("kind", ["signtest", "unsigned", "tampered_body", "system_error"])
def test_lasting_faults_leave_the_outcome_unknown(both: Pair, kind: str) -> None:
    both.place()
    both.wechat.inject(Fault(kind, "query", times=None))
    with pytest.raises(ProviderUnavailable):
        both.gateway.query(NUMBER)


def test_an_answer_from_another_hour_is_not_believed(both: Pair) -> None:
    both.place()
    both.wechat.inject(Fault("clock_skew", "query", times=None, skew_s=-3600))
    with pytest.raises(ProviderUnavailable, match="timestamp_stale"):
        both.gateway.query(NUMBER)


def test_answers_under_the_old_and_the_new_key_are_both_believed(both: Pair) -> None:
    both.wechat.inject(Fault("mixed_keys", "native"))
    assert both.place().kind == "qr"


def test_an_order_placed_in_a_lost_answer_is_placed_once(both: Pair) -> None:
    both.wechat.inject(Fault("timeout_after_commit", "native", hold_s=1))
    assert both.place().kind == "qr"
    assert len(both.wechat.orders) == 1


@pytest.mark.parametrize("kind", ["signtest", "wrong_serial", "unsigned", "tampered_body",
                                  "truncated_body"])
def test_a_faulty_notify_is_refused(both: Pair, kind: str) -> None:
    both.place()
    assert both.verifier.verify(*notify(both), both.clock.now_s()).was_paid
    with pytest.raises(InvalidNotify):
        both.verifier.verify(*notify(both, Fault(kind, "notify")), both.clock.now_s())


def test_notifies_under_either_key_are_taken(both: Pair) -> None:
    both.place()
    faulty = notify(both, Fault("mixed_keys", "notify"))
    assert both.verifier.verify(*faulty, both.clock.now_s()).was_paid


def test_a_payment_announced_as_a_refund_is_neither(both: Pair) -> None:
    both.place()
    with pytest.raises(InvalidNotify, match="fact_malformed"):
        both.verifier.verify(*notify(both, event_type="REFUND.SUCCESS"), both.clock.now_s())

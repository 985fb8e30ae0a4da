"""The adapter against the emulator of WeChat Pay, which shares no code with it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import Account, Fault, WeChatPayEmulator
from shared.adapters.wechatpay.endpoints import UnsupportedEndpoint, open_endpoints
from shared.adapters.wechatpay.gateway import WeChatNativeGateway
from shared.adapters.wechatpay.http_client import HttpClient
from shared.adapters.wechatpay.keys import load_verification_keys
from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
from shared.adapters.wechatpay.signer import RequestSigner
from shared.adapters.wechatpay.transport import Transport
from shared.adapters.wechatpay.verifier import SignatureVerifier
from shared.deadline import Deadline
from shared.domain.payment import Payee, TradeState
from shared.errors import InvalidNotify, ProviderRefused, ProviderUnavailable
from shared.ports import AlreadyPaid
from tests.fakes.clock import FakeClock
from tests.fakes.log import RecordingLog
from tests.fakes.samples import PRICE, SNAPSHOT, number

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 1_800_000_000
NUMBER = number()


@cache
def account() -> Account:
    return Account.create()


def keys() -> dict[str, str]:
    return {account().public_key_id: account().wechatpay_public_key_pem,
            account().platform_serial: account().platform_certificate_pem}


@dataclass(frozen=True)
class Pair:
    """The emulator and, wired to it, our gateway and verifier; one clock for both."""

    wechat: WeChatPayEmulator
    transport: Transport
    gateway: WeChatNativeGateway
    verifier: WeChatNotifyVerifier
    clock: FakeClock
    deadline: Deadline

    def place(self) -> Any:
        request = self.gateway.prepare(NUMBER, SNAPSHOT, self.clock.now_s() + 7200)
        return self.gateway.place(request, self.clock.now_s())


@contextmanager
def pair() -> Iterator[Pair]:
    clock, numbers = FakeClock(START_S), count(1)
    deadline = Deadline(clock, 8_000)
    payee = Payee(account().mchid, account().appid)
    with WeChatPayEmulator(account(), now_s=clock.now_s,
                           post_notify=lambda *_: 200) as wechat, \
            wechat.serve(port=0) as serving:
        transport = Transport(
            http=HttpClient(serving.base_url, clock=clock, allow_http=True, read_ms=300),
            signer=RequestSigner(mchid=payee.merchant_id, serial_no=account().merchant_serial,
                                 private_key_pem=account().merchant_private_key_pem),
            verifier=SignatureVerifier(load_verification_keys(keys())), clock=clock,
            deadline=deadline, log=RecordingLog(),
            public_key_id=account().public_key_id,
            random_token=lambda: f"{next(numbers):032x}")
        try:
            yield Pair(wechat, transport,
                       WeChatNativeGateway(transport, payee=payee,
                                           notify_url="https://example.com/v1/notify/wechatpay"),
                       WeChatNotifyVerifier(keys(), account().api_v3_key.encode()), clock, deadline)
        finally:
            transport.close()


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


def test_a_refund_notify_is_no_payment(both: Pair) -> None:
    both.place()
    with pytest.raises(InvalidNotify, match="event_type_not_payment"):
        both.verifier.verify(*notify(both, event_type="REFUND.SUCCESS"), both.clock.now_s())


# The endpoints of wechatpayv3 over our transport

@pytest.fixture
def sdk(both: Pair) -> Any:
    return open_endpoints(both.transport, both.gateway.payee)


def test_its_query_and_close_travel_our_way(both: Pair, sdk: Any) -> None:
    both.place()
    status, text = sdk.query(out_trade_no=NUMBER)
    assert status == 200
    assert NUMBER in text
    assert sdk.close(NUMBER) == (204, "")
    assert both.wechat.orders[NUMBER].trade_state == "CLOSED"


def test_its_refund_is_made_once_though_the_first_answer_is_lost(both: Pair, sdk: Any) -> None:
    both.wechat.pay(both.place().value)
    both.wechat.inject(Fault("timeout_after_commit", "refund", hold_s=1))
    status, text = sdk.refund(out_refund_no="R1", out_trade_no=NUMBER, reason="退款",
                              amount={"refund": 100, "total": 9900, "currency": "CNY"})
    assert status == 200
    assert '"out_refund_no":"R1"' in text.replace(" ", "")
    assert list(both.wechat.refunds) == ["R1"]
    assert sdk.query_refund("R1")[0] == 200


def test_its_answers_are_verified_even_when_they_are_errors(both: Pair, sdk: Any) -> None:
    both.wechat.inject(Fault("unsigned", "query", times=None))
    with pytest.raises(ProviderUnavailable):
        sdk.query(out_trade_no=NUMBER)


@pytest.mark.parametrize("number_", ["a|b", "../../v3/certificates", "宝", "a b"])
def test_it_cannot_send_a_path_that_was_not_quoted(both: Pair, sdk: Any, number_: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        sdk.query(out_trade_no=number_)
    assert both.wechat.requests == []


def test_a_bill_file_is_the_only_unsigned_answer(both: Pair, sdk: Any) -> None:
    both.wechat.pay(both.place().value)
    both.clock.advance_s(2 * 86_400)
    both.deadline.begin(8_000)
    status, text = sdk.trade_bill("2027-01-15")
    assert status == 200, text
    status, content = sdk.download_bill(json.loads(text)["download_url"])
    assert status == 200
    assert isinstance(content, bytes)
    assert content[:2] == b"\x1f\x8b"
    with pytest.raises((ValueError, UnsupportedEndpoint)):
        sdk.download_bill("https://evil.example/v3/billdownload/file?token=x")
    with pytest.raises(UnsupportedEndpoint):
        sdk._core.request("/v3/certificates", skip_verify=True)


def test_what_the_transport_cannot_do_is_said(sdk: Any) -> None:
    with pytest.raises(UnsupportedEndpoint):
        sdk.abnormal_refund("1", "R1", "USER_BANK_CARD", bank_account="6225")

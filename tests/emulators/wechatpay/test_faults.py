"""Every fault: what it does to an answer or a notify, and that the next one is sound again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulators.wechatpay import ConnectionDropped, Fault
from emulators.wechatpay.faults import KINDS
from emulators.wechatpay.phone_page import FOLDER
from tests.emulators.wechatpay.merchant import (
    Clock,
    Merchant,
    Receiver,
    document,
    notify,
    refusal,
    signed_by,
    spoil,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_fault_strikes_as_often_as_it_was_told(merchant: Merchant) -> None:
    merchant.create()
    spoil(merchant, "rate_limited", times=2)
    assert [merchant.query().status for _ in range(3)] == [429, 429, 200]


def test_a_fault_without_end_lasts_until_it_is_cleared(merchant: Merchant) -> None:
    merchant.create()
    spoil(merchant, "rate_limited", times=None)
    spoil(merchant, "rate_limited", "close", times=None)
    assert [merchant.query().status for _ in range(5)] == [429] * 5
    merchant.emulator.clear_faults("rate_limited", "query")
    assert merchant.query().status == 200
    assert merchant.close().status == 429


def test_a_fault_waits_for_its_endpoint(merchant: Merchant) -> None:
    spoil(merchant, "system_error", "close")
    assert merchant.create().status == 200
    assert merchant.query().status == 200
    assert merchant.close().status == 500
    assert merchant.close().status == 204


def test_a_fault_for_any_endpoint_takes_the_first(merchant: Merchant) -> None:
    spoil(merchant, "system_error", "*")
    assert merchant.create().status == 500
    assert merchant.create().status == 200


@pytest.mark.parametrize(("arguments", "params"), [
    (("no_such_fault", "query"), {}),
    (("signtest", "queries"), {}),
    (("lost", "query"), {}),
    (("rate_limited", "notify"), {}),
    (("delayed", "query"), {"seconds": 5}),
    (("signtest", "query"), {"times": 0}),
    (("duplicate", "notify"), {"copies": 0}),
    (("delayed", "query"), {"delay_s": "5"}),
    (("tampered_amount", "query"), {"changes": 5}),
])
def test_a_misspelled_fault_is_refused(arguments: tuple[str, str], params: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Fault(*arguments, **params)


@pytest.mark.parametrize("endpoint", ["query", "notify"])
@pytest.mark.parametrize(("kind", "serial_known"), [
    ("signtest", True), ("wrong_serial", False), ("unsigned", False), ("tampered_body", True)])
def test_a_spoilt_signature_does_not_hold(
        merchant: Merchant, endpoint: str, kind: str, serial_known: bool) -> None:
    def sample(number: int) -> tuple[dict[str, str], bytes]:
        merchant.create(f"ORDER000{number}")
        if endpoint == "notify":
            return notify(merchant, f"ORDER000{number}")
        answer = merchant.query(f"ORDER000{number}")
        return answer.headers, answer.body

    assert merchant.genuine(*sample(1))
    spoil(merchant, kind, endpoint)
    headers, body = sample(2)
    assert not merchant.genuine(headers, body)
    known = (merchant.account.public_key_id, merchant.account.platform_serial)
    assert (headers.get("Wechatpay-Serial") in known) is serial_known
    assert json.loads(body)
    assert merchant.genuine(*sample(3))


def test_the_probe_signature_has_its_prefix(merchant: Merchant) -> None:
    merchant.create()
    spoil(merchant, "signtest")
    signature = merchant.query().headers["Wechatpay-Signature"]
    assert signature.startswith("WECHATPAY/SIGNTEST/")
    spoil(merchant, "signtest", "notify")
    headers, _ = notify(merchant, "ORDER0002")
    assert headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")


def test_a_probed_notify_comes_again_with_a_true_signature(
        make_merchant: Callable[..., Merchant], clock: Clock) -> None:
    merchant = make_merchant(Receiver(401))
    spoil(merchant, "signtest", "notify")
    notify(merchant)
    clock.now_s += 15
    assert merchant.emulator.deliver_due_notifies()[0].accepted
    _, headers, body = merchant.receiver.received[-1]
    assert merchant.genuine(headers, body)


def test_mixed_keys_alternate(merchant: Merchant) -> None:
    merchant.create()
    spoil(merchant, "mixed_keys", times=4)
    answers = [merchant.query() for _ in range(4)]
    both = [merchant.account.platform_serial, merchant.account.public_key_id]
    assert [signed_by(merchant.account, each.headers, each.body) for each in answers] == both * 2


def test_a_tampered_204_does_not_verify(merchant: Merchant) -> None:
    merchant.create()
    spoil(merchant, "tampered_body", "close")
    answer = merchant.close()
    assert (answer.status, answer.body) == (204, b"")
    assert not merchant.genuine(answer.headers, b"")


@pytest.mark.parametrize("changes", [
    {"amount.total": 1}, {"amount.currency": "USD"}, {"appid": "wx0000000000000000"},
    {"mchid": "1900000000"}, {"out_trade_no": "SOMEBODY0001"}, {"transaction_id": None}])
def test_a_validly_signed_lie(merchant: Merchant, changes: dict[str, Any]) -> None:
    merchant.paid("ORDER0009")
    merchant.emulator.deliver_due_notifies()
    truth = document(merchant.query("ORDER0009"))
    merchant.emulator.inject(Fault("tampered_amount", "query", changes=changes))
    answer = merchant.query("ORDER0009")
    assert merchant.genuine(answer.headers, answer.body)
    differing = {name for name in truth if document(answer).get(name) != truth[name]}
    assert differing == {path.partition(".")[0] for path in changes}


def test_a_notify_with_another_amount_is_validly_signed(merchant: Merchant) -> None:
    spoil(merchant, "tampered_amount", "notify")
    headers, body = notify(merchant)
    assert merchant.open_notify(headers, body)["amount"]["total"] == 1
    assert document(merchant.query())["amount"]["total"] == 990


def test_a_truncated_answer_is_shorter_than_it_says(merchant: Merchant) -> None:
    merchant.create()
    spoil(merchant, "truncated_body", keep=10)
    answer = merchant.query()
    assert len(answer.body) == 10
    assert int(answer.headers["Content-Length"]) > 10


def test_a_truncated_notify_is_no_json(merchant: Merchant) -> None:
    spoil(merchant, "truncated_body", "notify")
    _, body = notify(merchant)
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


@pytest.mark.parametrize("skew_s", [-600, 600])
def test_a_skewed_clock_shows_in_signature_and_date(
        merchant: Merchant, clock: Clock, skew_s: int) -> None:
    merchant.create()
    sound = merchant.query()
    spoil(merchant, "clock_skew", skew_s=skew_s)
    skewed = merchant.query()
    assert skewed.headers["Wechatpay-Timestamp"] == str(clock.now_s + skew_s)
    assert skewed.headers["Date"] != sound.headers["Date"]
    assert merchant.genuine(skewed.headers, skewed.body)
    spoil(merchant, "clock_skew", "notify", skew_s=skew_s)
    headers, body = notify(merchant, "ORDER0002")
    assert headers["Wechatpay-Timestamp"] == str(clock.now_s + skew_s)
    assert merchant.genuine(headers, body)


@pytest.mark.parametrize(("kind", "status", "code"), [
    ("rate_limited", 429, "FREQUENCY_LIMITED"), ("system_error", 500, "SYSTEM_ERROR")])
@pytest.mark.parametrize("applied", [False, True])
def test_an_error_may_hide_that_the_call_took_effect(
        merchant: Merchant, kind: str, status: int, code: str, applied: bool) -> None:
    spoil(merchant, kind, "native", applied=applied)
    assert refusal(merchant.create())[:2] == (status, code)
    assert ("ORDER0001" in merchant.emulator.orders) is applied


def test_a_bad_gateway_answers_html(merchant: Merchant) -> None:
    spoil(merchant, "bad_gateway", "native")
    answer = merchant.create()
    assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.body.startswith(b"<html>")
    assert merchant.emulator.orders == {}


def test_a_redirect_points_elsewhere(merchant: Merchant) -> None:
    spoil(merchant, "redirect", "native", location="https://elsewhere.example/")
    answer = merchant.create()
    assert (answer.status, answer.headers["Location"]) == (302, "https://elsewhere.example/")
    assert merchant.emulator.orders == {}


def test_a_timeout_after_commit_loses_only_the_answer(merchant: Merchant) -> None:
    spoil(merchant, "timeout_after_commit", "native")
    with pytest.raises(ConnectionDropped):
        merchant.create()
    assert "ORDER0001" in merchant.emulator.orders
    assert merchant.emulator.requests[-1].status is None
    assert merchant.create().status == 200


def test_a_lost_request_changes_nothing(merchant: Merchant) -> None:
    spoil(merchant, "request_lost", "native")
    with pytest.raises(ConnectionDropped):
        merchant.create()
    assert merchant.emulator.orders == {}
    assert merchant.create().status == 200


def test_a_delayed_answer_says_for_how_long(merchant: Merchant) -> None:
    spoil(merchant, "delayed", "native", delay_s=3)
    assert merchant.create().delay_s == 3
    assert merchant.create().delay_s == 0


def test_faults_combine(merchant: Merchant) -> None:
    spoil(merchant, "duplicate", "notify", copies=2)
    spoil(merchant, "signtest", "notify")
    merchant.paid()
    attempts = merchant.emulator.deliver_due_notifies()
    assert [each.faults for each in attempts] == [["duplicate", "signtest"]] * 2
    assert not any(merchant.genuine(each.headers, each.body) for each in attempts)


def test_the_journal_names_the_faults(merchant: Merchant) -> None:
    spoil(merchant, "rate_limited", "native")
    merchant.create()
    record = merchant.emulator.requests[-1]
    assert (record.endpoint, record.status, record.code, record.sub_code, record.faults) == (
        "native", 429, "FREQUENCY_LIMITED", 268447840, ["rate_limited"])


def test_every_kind_is_documented() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []

"""Complaints: what is read of them, what an operator sees, and how answering ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.adapters.wechatpay.complaint_facts import complaint_fact
from shared.adapters.wechatpay.complaints import MOST_PAGES, PAGE, WeChatComplaints
from shared.adapters.wechatpay.reasons import Rejected
from shared.domain.complaint import ComplaintFact, ComplaintState
from shared.domain.money import Money
from shared.errors import InvalidRequest, ProviderRefused, ProviderUnavailable, TongbaoError
from tests.unit.adapters.wechatpay.exchanges import is_signed
from tests.unit.adapters.wechatpay.scripted_wechat import (
    DROP,
    Reply,
    ScriptedWeChat,
    failed,
    signed,
)
from tests.unit.adapters.wechatpay.wiring import PAYEE, wired

ID = "200201820200101080076610000"
PATH = "/v3/merchant-service/complaints-v2"
UNKNOWN = failed(404, "RESOURCE_NOT_EXISTS")
PERSONAL = ("sealed-phone-number", "oTestVectorOpenidNobody00000", "我付了两次")


def detail(**changes: Any) -> dict[str, Any]:
    """A complaint as WeChat shows it; a change to None leaves the field out."""
    fields = {
        "complaint_id": ID, "complaint_time": "2027-01-15T15:59:55+08:00",
        "complaint_detail": PERSONAL[2], "complaint_state": "PENDING",
        "payer_phone": PERSONAL[0], "payer_openid": PERSONAL[1],
        "complaint_order_info": [{"transaction_id": "4200001968202701159876543210",
                                  "out_trade_no": "TB01ABCDEFGHJKMNPQRSTVWXYZ01234",
                                  "amount": 9900}],
        "complaint_media_list": [], "complaint_full_refunded": False,
        "incoming_user_response": True, "problem_description": "申请退款",
        "problem_type": "REFUND", "user_complaint_times": 1, "apply_refund_amount": 4900,
        **changes}
    return {name: value for name, value in fields.items() if value is not None}


def page(first: int, count: int) -> Reply:
    """`count` complaints, numbered from `first`."""
    return signed(200, {"data": [detail(complaint_id=str(n))
                                 for n in range(first, first + count)],
                        "limit": PAGE, "offset": first, "total_count": 10**6})


def run(operation: str, *arguments: str, script: Any = ()) -> tuple[Any, ScriptedWeChat]:
    """What it returns (a list for `list`) or raises, and what the server received."""
    with ScriptedWeChat(*script) as server, wired(server.base_url, read_ms=500) as ours:
        try:
            found = getattr(WeChatComplaints(ours.transport, payee=PAYEE), operation)(*arguments)
            found = [*found] if operation == "list" else found
        except TongbaoError as error:
            assert error.__cause__ is None
            found = error
        assert not any(text in ours.log.text() for text in (*PERSONAL, ID))
        return found, server


# facts

def test_a_complaint_is_read_without_the_person() -> None:
    found, server = run("read", ID, script=[signed(200, detail())])
    assert found == ComplaintFact(
        provider="wechatpay", complaint_id=ID, state=ComplaintState.PENDING,
        out_trade_nos=("TB01ABCDEFGHJKMNPQRSTVWXYZ01234",), complained_at_s=1_799_999_995,
        problem_type="REFUND", user_complaint_times=1, is_fully_refunded=False,
        asked_refund=Money(4900, "CNY"))
    assert not any(text in repr(found) for text in PERSONAL)
    assert server.received[0].target == f"{PATH}/{ID}"
    assert is_signed(server.received[0])


@pytest.mark.parametrize("time", ["2027-01-15T15:59:55.120+08:00", "2027-01-15T07:59:55Z",
                                  "2027-01-15T07:59:55.1Z"])
def test_times_with_a_fraction_are_read(time: str) -> None:
    assert complaint_fact(detail(complaint_time=time)).complained_at_s == 1_799_999_995


@pytest.mark.parametrize(("changes", "expected"), [
    ({"complaint_state": "PROCESSED"}, {"state": ComplaintState.PROCESSED}),
    ({"complaint_order_info": None}, {"out_trade_nos": ()}),
    ({"complaint_order_info": [{"out_trade_no": "A"}, {"out_trade_no": "B"},
                               {"out_trade_no": "A"}]}, {"out_trade_nos": ("A", "B")}),
    ({"complaint_order_info": [{"transaction_id": "42"}, {"out_trade_no": ""},
                               {"out_trade_no": "A"}]}, {"out_trade_nos": ("A",)}),
    ({"problem_type": None}, {"problem_type": ""}),
    ({"problem_type": "NEW_IN_2030"}, {"problem_type": "NEW_IN_2030"}),
    ({"apply_refund_amount": None}, {"asked_refund": None}),
    ({"apply_refund_amount": 0}, {"asked_refund": Money(0, "CNY")}),
    ({"complaint_full_refunded": True}, {"is_fully_refunded": True}),
    ({"user_complaint_times": 3}, {"user_complaint_times": 3})])
def test_what_may_vary_is_read_as_it_is(changes: dict[str, Any],
                                        expected: dict[str, Any]) -> None:
    assert complaint_fact(detail(**changes)) == complaint_fact(detail())._replace(**expected)


@pytest.mark.parametrize("changes", [
    {"complaint_id": None}, {"complaint_id": "../x"}, {"complaint_id": ""},
    {"complaint_state": None}, {"complaint_state": "pending"}, {"complaint_state": "NEW"},
    {"complaint_state": ["PENDING"]}, {"complaint_time": None}, {"complaint_time": 1},
    {"complaint_time": "2027-01-15T15:59:55"}, {"complaint_order_info": {}},
    {"complaint_order_info": ["x"]}, {"complaint_order_info": [{"out_trade_no": 1}]},
    {"complaint_order_info": [{"out_trade_no": "A"}] * 101}, {"problem_type": "refund"},
    {"problem_type": 1}, {"user_complaint_times": None}, {"user_complaint_times": -1},
    {"user_complaint_times": "1"}, {"user_complaint_times": True},
    {"complaint_full_refunded": None}, {"complaint_full_refunded": "false"},
    {"apply_refund_amount": -1}, {"apply_refund_amount": 49.0}, {"apply_refund_amount": "1"}])
def test_a_field_that_cannot_be_makes_no_fact(changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="fact_malformed"):
        complaint_fact(detail(**changes))


# read

def test_an_unknown_complaint_is_none() -> None:
    assert run("read", ID, script=[UNKNOWN])[0] is None


@pytest.mark.parametrize("complaint_id", ["", "../x", "a b", "1" * 65, "宝", "1?x=1"])
def test_what_is_no_complaint_id_is_not_asked_for(complaint_id: str) -> None:
    found, server = run("read", complaint_id)
    assert found is None
    for operation, rest in (("show", ()), ("answer", ("text",)), ("complete", ())):
        error, server = run(operation, complaint_id, *rest)
        assert (type(error), error.reason) == (ProviderRefused, "complaint_id_malformed")
        assert server.received == []


@pytest.mark.parametrize("script", [
    [failed(400, "PARAM_ERROR")], [failed(403, "NO_AUTH")], [failed(404, "MCH_NOT_EXISTS")],
    [DROP] * 3, [Reply(404, b'{"code":"RESOURCE_NOT_EXISTS"}')] * 3,
    [signed(200, detail(complaint_state="NEW"))], [signed(200, [])],
    [signed(200, detail(complaint_id="7"))]])
def test_no_other_answer_says_that_it_is_unknown(script: list[Any]) -> None:
    error, _ = run("read", ID, script=script)
    assert type(error) is ProviderUnavailable


# list

def test_pages_are_read_until_one_is_not_full() -> None:
    found, server = run("list", "2027-01-01", "2027-01-15",
                        script=[page(0, PAGE), page(PAGE, PAGE), page(2 * PAGE, 1)])
    assert [fact.complaint_id for fact in found] == [str(n) for n in range(2 * PAGE + 1)]
    assert [received.target for received in server.received] == [
        f"{PATH}?limit=50&offset={offset}&begin_date=2027-01-01&end_date=2027-01-15"
        f"&complainted_mchid={PAYEE.merchant_id}" for offset in (0, 50, 100)]


def test_a_full_last_page_is_followed_by_an_empty_one() -> None:
    found, server = run("list", "2027-01-01", "2027-01-15", script=[page(0, PAGE), page(0, 0)])
    assert (len(found), len(server.received)) == (PAGE, 2)


def test_pages_that_shift_meanwhile_show_each_complaint_once() -> None:
    found, _ = run("list", "2027-01-01", "2027-01-15",
                   script=[page(0, PAGE), page(PAGE - 1, 2)])
    assert len(found) == PAGE + 1


@pytest.mark.parametrize(("first", "last", "spans"), [
    ("2027-01-01", "2027-01-01", [("2027-01-01", "2027-01-01")]),
    ("2027-01-01", "2027-01-30", [("2027-01-01", "2027-01-30")]),
    ("2027-01-01", "2027-01-31", [("2027-01-01", "2027-01-30"), ("2027-01-31", "2027-01-31")]),
    ("2026-12-01", "2027-01-31", [("2026-12-01", "2026-12-30"), ("2026-12-31", "2027-01-29"),
                                  ("2027-01-30", "2027-01-31")]),
    ("2027-01-02", "2027-01-01", [])])
def test_longer_times_are_asked_for_in_spans_that_wechat_takes(
        first: str, last: str, spans: list[tuple[str, str]]) -> None:
    found, server = run("list", first, last, script=[page(n, 1) for n in range(len(spans))])
    assert len(found) == len(spans)
    assert [tuple(part.partition("=")[2] for part in received.target.split("&")[2:4])
            for received in server.received] == spans


def test_a_list_without_end_is_given_up() -> None:
    full = page(0, PAGE)
    error, server = run("list", "2027-01-01", "2027-01-01", script=[full] * (MOST_PAGES + 1))
    assert (type(error), error.reason) == (ProviderUnavailable, "list_without_end")
    assert len(server.received) == MOST_PAGES


@pytest.mark.parametrize("reply", [
    signed(200, {"data": {}}), signed(200, {"data": ["x"]}), signed(200, {"data": [{}]}),
    failed(400, "PARAM_ERROR"), failed(403, "NO_AUTH")])
def test_a_list_that_cannot_be_read_is_no_empty_list(reply: Reply) -> None:
    error, _ = run("list", "2027-01-01", "2027-01-01", script=[reply])
    assert type(error) is ProviderUnavailable


def test_one_complaint_that_cannot_be_read_hides_no_other_and_is_no_silence() -> None:
    data = [detail(complaint_id="1", complaint_state="NEW"), detail(complaint_id="2")]
    found: list[str] = []
    with ScriptedWeChat(signed(200, {"data": data})) as server, \
            wired(server.base_url, read_ms=500) as ours:
        listed = WeChatComplaints(ours.transport, payee=PAYEE).list("2027-01-01", "2027-01-30")
        with pytest.raises(ProviderUnavailable, match="fact_malformed"):
            found.extend(fact.complaint_id for fact in listed)
    assert found == ["2"]


# show

def test_an_operator_reads_the_words_and_not_who_said_them() -> None:
    entry = {"log_id": "1", "operator": "投诉人", "operate_details": PERSONAL[2]}
    found, server = run("show", ID, script=[
        signed(200, detail()), signed(200, {"data": [entry], "total_count": 1})])
    shown = detail(payer_phone=None, payer_openid=None)
    assert found == {"complaint": shown, "history": [entry]}
    assert [received.target for received in server.received] == [
        f"{PATH}/{ID}", f"{PATH}/{ID}/negotiation-historys?limit=300&offset=0"]


def test_an_unknown_complaint_cannot_be_shown() -> None:
    error, _ = run("show", ID, script=[UNKNOWN])
    assert (type(error), error.reason) == (ProviderRefused, "RESOURCE_NOT_EXISTS")


# answer, complete

def test_an_answer_is_sent_once() -> None:
    found, server = run("answer", ID, "已为您退款", script=[signed(204)])
    assert found is None
    (received,) = server.received
    assert (received.method, received.target) == ("POST", f"{PATH}/{ID}/response")
    assert json.loads(received.body) == {"response_content": "已为您退款",
                                         "complainted_mchid": PAYEE.merchant_id}


@pytest.mark.parametrize("script", [[DROP], [failed(500, "SYSTEM_ERROR")],
                                    [failed(429, "FREQUENCY_LIMITED")], [Reply(204)]])
@pytest.mark.parametrize("operation", [("answer", "text"), ("complete",)])
def test_an_unknown_outcome_is_not_tried_again_by_itself(operation: tuple[str, ...],
                                                         script: list[Any]) -> None:
    error, server = run(operation[0], ID, *operation[1:], script=script)
    assert type(error) is ProviderUnavailable
    assert len(server.received) == 1


@pytest.mark.parametrize("text", ["", "  ", "x" * 201])
def test_a_text_wechat_does_not_take_is_not_sent(text: str) -> None:
    error, server = run("answer", ID, text)
    assert (type(error), error.code, error.field) == (InvalidRequest, "INVALID_FIELD", "text")
    assert server.received == []


def test_the_longest_text_is_sent() -> None:
    assert run("answer", ID, "宝" * 200, script=[signed(204)])[0] is None


@pytest.mark.parametrize(("reply", "kind"), [
    (failed(400, "INVALID_REQUEST"), ProviderRefused), (failed(400, "PARAM_ERROR"),
                                                        ProviderRefused),
    (UNKNOWN, ProviderRefused), (failed(403, "NO_AUTH"), ProviderUnavailable),
    (failed(400, "NEW_IN_2030"), ProviderUnavailable)])
def test_a_refused_answer_is_final_only_by_its_content(reply: Reply, kind: type) -> None:
    assert type(run("answer", ID, "text", script=[reply])[0]) is kind


def test_completing_tells_wechat() -> None:
    found, server = run("complete", ID, script=[signed(204)])
    assert found is None
    (received,) = server.received
    assert received.target == f"{PATH}/{ID}/complete"
    assert json.loads(received.body) == {"complainted_mchid": PAYEE.merchant_id}


def test_completing_what_is_complete_changes_nothing() -> None:
    done = signed(200, detail(complaint_state="PROCESSED"))
    assert run("complete", ID, script=[failed(400, "INVALID_REQUEST"), done])[0] is None


@pytest.mark.parametrize("then", [signed(200, detail()), UNKNOWN])
def test_completing_what_cannot_be_completed_is_refused(then: Reply) -> None:
    error, _ = run("complete", ID, script=[failed(400, "INVALID_REQUEST"), then])
    assert (type(error), error.reason) == (ProviderRefused, "INVALID_REQUEST")

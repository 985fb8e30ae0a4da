"""The log: one JSON line per fact, and nothing that could hurt."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alarms import ALARMS
from shared.log import MOST_CHARACTERS, STRUCK_OUT, JsonLog
from shared.secret import Secret
from tests.fakes.clock import FakeClock


def written(name: str, /, **fields: Any) -> dict[str, Any]:
    stream = io.StringIO()
    log = JsonLog(stream, FakeClock(1_760_000_000), "notify")
    log.request_id = "r-1"
    log.fact(name, **fields)
    text = stream.getvalue()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert text.isascii()

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    line: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return line


def test_a_fact_has_a_name_a_time_a_function_and_a_request() -> None:
    assert written("order.paid", order_id="X", late=False, count=3) == {
        "fact": "order.paid", "at_s": 1_760_000_000, "function": "notify", "request_id": "r-1",
        "order_id": "X", "late": False, "count": 3}


def test_a_line_is_out_at_once_for_an_instance_may_be_frozen_after_it() -> None:
    out = io.BytesIO()
    with io.TextIOWrapper(out, encoding="utf-8") as stream:
        JsonLog(stream, FakeClock(1_760_000_000), "notify").fact("order.paid")
        assert out.getvalue().endswith(b"\n")


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_how_urgent_it_is(name: str) -> None:
    assert written(name, alarm=True)["severity"] == ALARMS[name].severity.value
    assert "severity" not in written(name, alarm=False)


def test_an_alarm_that_nobody_listed_rings_all_the_same() -> None:
    assert written("order.unheard_of", alarm=True)["severity"] == "now"


@pytest.mark.parametrize(("name", "severity"), [
    ("function.crashed", "now"), ("notify.refused", "now"), ("work.backlog", "now"),
    ("payment.held", "today"), ("refund.given_up", "today"), ("reconcile.difference", "today"),
    ("complaint.unanswered", "today"), ("complaint.unknown", "week")])
def test_what_hurts_buyers_is_for_now_and_what_money_waits_for_is_for_today(
        name: str, severity: str) -> None:
    assert written(name, alarm=True)["severity"] == severity


def test_absence_is_left_out() -> None:
    assert "reason" not in written("request.refused", reason=None)


@pytest.mark.parametrize("name", [
    "authorization", "secret", "key", "token", "signature", "body", "payload", "openid", "payer",
    "lease", "password", "out_trade_no", "transaction_id", "ciphertext", "private", "cookie",
    "Authorization", "claim_secret", "API_KEY", "lease_token", "request_body"])
def test_a_dangerous_name_is_struck_out_whatever_it_holds(name: str) -> None:
    for value in ("canary", 7, True, ["canary"], Secret("X", "canary")):
        assert written("x", **{name: value})[name] == STRUCK_OUT


def test_a_secret_is_struck_out_under_any_name() -> None:
    assert written("x", thing=Secret("X", "canary"))["thing"] == STRUCK_OUT
    assert "canary" not in json.dumps(written("x", things=[Secret("X", "canary")]))


def test_a_long_text_is_cut() -> None:
    assert written("x", reason="y" * 5000)["reason"] == "y" * MOST_CHARACTERS


@given(st.text(), st.text())
def test_no_text_can_start_a_second_line(reason: str, name: str) -> None:
    line = written(name, reason=reason)
    assert line["fact"] == name
    assert line["reason"] == reason[:MOST_CHARACTERS]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_know_is_written_as_text(value: float) -> None:
    assert written("x", ratio=value)["ratio"] == str(value)


@pytest.mark.parametrize("value", [b"\xff", ["a"], {"a": 1}, object, ValueError("v")])
def test_any_other_value_is_written_as_text(value: object) -> None:
    assert written("x", value=value)["value"] == str(value)[:MOST_CHARACTERS]


@pytest.mark.parametrize("field", ["fact", "at_s", "function", "request_id"])
def test_no_field_can_take_the_place_of_what_every_line_has(field: str) -> None:
    line = written("order.paid", **{field: "forged"})
    assert (line["fact"], line["at_s"]) == ("order.paid", 1_760_000_000)
    assert (line["function"], line["request_id"]) == ("notify", "r-1")

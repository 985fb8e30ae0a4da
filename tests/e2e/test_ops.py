"""scripts/ops and the timers in Function Compute's emulator: signed calls, real instances."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from scripts.demo_purchase.buyer import Buyer
from scripts.demo_purchase.rendered import MINIMAL_TIMERS
from scripts.demo_purchase.stack import CHECKOUT
from scripts.operating.__main__ import DONE, NOT_CONFIRMED, REFUSED, UNKNOWN, main
from tests.e2e.observed import claim, pay, place, statuses_of_notifies

if TYPE_CHECKING:
    from scripts.demo_purchase.stack import Stack

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Operator:
    """Somebody at a terminal, with the access key of the account."""

    def __init__(self, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
        key_id, key_secret = stack.state.access_key
        self.environ = {"TONGBAO_OPERATOR": "ann", "ALIBABA_CLOUD_ACCESS_KEY_ID": key_id,
                        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key_secret}
        self.endpoint = f"http://{stack.functions.api_endpoint}"
        self.asked: list[str] = []
        self._capsys = capsys

    def types(self, *words: str, says: str = "") -> tuple[int, str, str]:
        """Exit code, standard output and error of one command; `says` answers a question."""
        def ask(question: str) -> str:
            self.asked.append(question)
            return says

        self._capsys.readouterr()
        code = main(["--endpoint", self.endpoint, *words], self.environ, ask)
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err

    def sees(self, *words: str) -> Any:
        """What a command that is done answers, as JSON."""
        code, out, err = self.types("--json", *words)
        assert code == DONE, err
        return json.loads(out)


@pytest.fixture
def operator(stack: Stack, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(stack, capsys)


@pytest.fixture
def order(stack: Stack) -> dict[str, Any]:
    """A paid order whose license is out."""
    buyer = Buyer(stack.urls)
    placed = place(buyer)
    pay(stack, placed)
    statuses_of_notifies(stack, placed, 1)
    claim(stack, buyer, placed["order_id"])
    return placed


def test_an_order_is_shown_to_who_has_the_access_key(
        operator: Operator, order: dict[str, Any]) -> None:
    code, out, _ = operator.types("order", order["out_trade_no"].lower())
    assert code == DONE
    for told in (order["order_id"], "state       paid", "standing    active", "known by notify",
                 "license's history", "activated"):
        assert told in out


def test_a_refund_is_asked_about_then_reserved_once_and_its_key_is_told(
        operator: Operator, order: dict[str, Any]) -> None:
    number = order["out_trade_no"]
    code, out, err = operator.types("refund", number, "--amount", "12.5", says="no")
    assert (code, out) == (NOT_CONFIRMED, "")
    assert "nothing was done" in err
    assert operator.sees("order", number)["order"]["refunds"] == []

    code, _, err = operator.types("refund", number, "--amount", "12.5", says="yes")
    assert (code, operator.asked) == (DONE, ["Give back 12.50 CNY? [yes/no] "] * 2)
    key = err.split("key ", 1)[1].split()[0]
    again = operator.sees("refund", number, "--amount", "12.5", "--key", key, "--yes")
    (refund,) = again["order"]["refunds"]
    assert (refund["amount"]["amount_minor"], refund["requested_by"]) == (1250, "operator:ann")


def test_a_refusal_says_why_in_both_languages_and_exits_1(
        operator: Operator, order: dict[str, Any]) -> None:
    code, out, err = operator.types("refund", order["order_id"], "--amount", "100000", "--yes")
    assert (code, out) == (REFUSED, "")
    assert "REFUND_EXCEEDS_PAYMENT" in err
    assert "退款总额不能超过实付金额" in err


def test_a_license_is_held_back_and_let_go(operator: Operator, order: dict[str, Any]) -> None:
    assert "held back: operator" in operator.types("hold", order["order_id"])[1]
    assert operator.sees("order", order["order_id"])["license"]["standing"] == "suspended"
    assert "held back" not in operator.types("release", order["order_id"])[1]


def test_a_complaint_is_found_by_the_timer_and_answered_with_two_commands(
        stack: Stack, operator: Operator, order: dict[str, Any]) -> None:
    complaint = stack.wechatpay.complain(out_trade_no=order["out_trade_no"])
    assert stack.fire_timer("complaints").ok
    assert complaint.complaint_id in operator.types("complaint", "list")[1]
    assert "请退款" in operator.types("complaint", "show", complaint.complaint_id)[1]
    code, _, err = operator.types("complaint", "answer", complaint.complaint_id, "马上处理")
    assert code == DONE, err
    assert "马上处理" in operator.types("complaint", "show", complaint.complaint_id)[1]
    assert "processed" in operator.types("complaint", "complete", complaint.complaint_id)[1]


def test_the_empty_lists_and_a_reconciled_day_are_told(operator: Operator) -> None:
    assert operator.types("held")[1] == "no held payments\n"
    assert operator.types("due")[1].endswith("rows are due\n")
    code, out, err = operator.types("reconcile", "2026-01-01")
    assert code in (DONE, REFUSED), err
    assert ("2026-01-01  done" in out) is (code == DONE)


@pytest.mark.parametrize("job", MINIMAL_TIMERS)
def test_every_timer_of_s_yaml_runs_its_job(stack: Stack, job: str) -> None:
    done = stack.fire_timer(job)
    assert done.ok, done.payload
    assert json.loads(done.payload)["job"] == job


def test_a_wrong_access_key_reaches_nothing(operator: Operator) -> None:
    operator.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = "another"
    code, _, err = operator.types("due")
    assert (code, "SignatureNotMatch" in err) == (REFUSED, True)


def test_where_nobody_answers_the_outcome_is_unknown(operator: Operator) -> None:
    operator.endpoint = "http://127.0.0.1:9"
    code, _, err = operator.types("due")
    assert (code, "outcome unknown" in err) == (UNKNOWN, True)


def test_as_a_command_it_prints_and_exits(operator: Operator) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.operating", "--endpoint", operator.endpoint, "due"],
        cwd=CHECKOUT, env={**os.environ, **operator.environ}, capture_output=True, text=True,
        check=False, timeout=60)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.endswith("rows are due\n")

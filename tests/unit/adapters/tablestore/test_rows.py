"""Aggregates to columns and back; every row that is not ours is refused, none is guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.tablestore import (
    complaint_rows,
    held_rows,
    ledger,
    license_rows,
    order_rows,
    reconciliations,
)
from shared.adapters.tablestore.cells import CorruptRow, numbered
from shared.adapters.tablestore.writers import mark
from shared.domain.history import BrokenHistory, Event, verify_chain
from shared.domain.license import GrantStanding, Standing, activate, set_standing
from shared.domain.money import MOST_MINOR, Money
from shared.domain.order import close, record_payment
from shared.domain.payment import TradeState
from shared.domain.refund import RefundState
from shared.domain.refund_policy import RefundPolicy
from shared.domain.refunding import place_hold, record_refund, request_refund
from tests.fakes import samples
from tests.fakes.samples import NOW_S
from tests.unit.adapters.tablestore.writes import (
    ANSWERED,
    DISMISSED,
    HELD,
    INSTRUCTED,
    LINE,
    ORDER,
    RENEWED,
    RESULT,
)

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = RefundPolicy(7, True, 2, 5000)
SOLD = samples.order(snapshot=replace(samples.SNAPSHOT, refund_policy=POLICY))
CLOSED = close(samples.instructed(SOLD), NOW_S + 50, actor="system", source="timer")
PAID = record_payment(CLOSED, samples.paid_fact(SOLD, trade_state=TradeState.REFUNDED)._replace(
    payer_hash="5e" * 32), NOW_S + 99)
PART = samples.refund(PAID, 1, amount=Money(100, "CNY"))
ASKED = request_refund(PAID, PART, source="license-fetch")
TOLD = record_refund(ASKED, samples.refund_fact(
    PAID, PART, RefundState.SUCCEEDED, billed_on="2025-10-09"), NOW_S + 100)
REFUNDED = place_hold(
    request_refund(TOLD, samples.refund(PAID, 2, amount=Money(7, "CNY")), source="admin"),
    "operator", Event("held", NOW_S + 101, "operator:li", "admin"))
"""An order with everything that an order can have."""

ACTIVE = activate(
    set_standing(
        set_standing(RENEWED, GrantStanding(RENEWED.grants[0].grant_id, Standing.REVOKED, 9),
                     now_s=NOW_S, source="notify"),
        GrantStanding(RENEWED.grants[1].grant_id, Standing.ACTIVE, 3), now_s=NOW_S,
        source="admin"),
    NOW_S + 200, "license-fetch")

Columns = dict[str, Any]
ORDER_ROW: Columns = {**order_rows.new_row(REFUNDED), **mark(REFUNDED.version, "token")}
LICENSE_ROW: Columns = {**license_rows.new_row(ACTIVE), **mark(ACTIVE.version, "token")}
HELD_ROW: Columns = {**held_rows.new_row(DISMISSED), **mark(2, "token")}
HELD_KEY = held_rows.key_of(HELD.provider, HELD.transaction_id)
COMPLAINT_ROW: Columns = {**complaint_rows.new_row(ANSWERED), **mark(2, "token")}
COMPLAINT_KEY = complaint_rows.key_of(ANSWERED.provider, ANSWERED.complaint_id)
LINE_ROW: Columns = {**ledger.new_row(LINE), **mark(1, "token")}
RESULT_ROW: Columns = {**reconciliations.all_columns(RESULT), **mark(1, "token")}

READERS: dict[str, tuple[Columns, Callable[[Columns], object], object]] = {
    "order": (ORDER_ROW, lambda row: order_rows.read_order(ORDER.order_id, row), REFUNDED),
    "license": (LICENSE_ROW, lambda row: license_rows.read_license(RENEWED.license_id, row),
                ACTIVE),
    "held": (HELD_ROW, lambda row: held_rows.read_held(HELD_KEY, row), DISMISSED),
    "complaint": (COMPLAINT_ROW,
                  lambda row: complaint_rows.read_complaint(COMPLAINT_KEY, row), ANSWERED),
    "line": (LINE_ROW, lambda row: ledger.read_line(ledger.key_of(LINE), row), LINE),
    "result": (RESULT_ROW, lambda row: reconciliations.read_result(RESULT.day, row), RESULT),
}
OPTIONAL: dict[str, set[str]] = {
    "order": {"term_days", "refund_policy", "r0002", "holds", "refund_reported_at_s",
              "payment_payer_hash", "payment_late"},
    "license": {"g0002", "s0002", "activated_at_s"}, "held": {"paid_at_s"},
    "complaint": {"answered_at_s"}, "line": set(), "result": set()}
"""Columns whose absence says something else, and nothing impossible."""

MARKS = {name for row in (ORDER_ROW, LICENSE_ROW, HELD_ROW) for name in row
         if name[0] == "w" and name[1:].isdigit()} | {"w1"}
LAST_EVENTS = {kind: numbered("e", len(aggregate.history.events))
               for kind, (_, _, aggregate) in READERS.items() if hasattr(aggregate, "history")}
NAMES = {"order": ORDER.order_id, "license": RENEWED.license_id,
         "held": f"{HELD.provider}:{HELD.transaction_id}", "complaint": ANSWERED.complaint_id}
KINDS = {"held": "held_payment"}


def verify(kind: str, aggregate: Any) -> None:
    """As an audit does with what it has read."""
    history = aggregate.history
    verify_chain(KINDS.get(kind, kind), NAMES[kind], history.events, history.head)


CASES = [(kind, column) for kind, (row, _, _) in READERS.items() for column in row]


@pytest.mark.parametrize("kind", READERS)
def test_a_row_is_read_as_it_was_written(kind: str) -> None:
    row, read, aggregate = READERS[kind]
    assert read(row) == aggregate


@pytest.mark.parametrize(("kind", "column"), CASES)
def test_a_row_that_lacks_a_column_is_refused(kind: str, column: str) -> None:
    row, read, aggregate = READERS[kind]
    without = {name: value for name, value in row.items() if name != column}
    if column in OPTIONAL[kind]:
        assert read(without) != aggregate
    elif column in MARKS or (kind == "line" and column == "ver"):
        assert read(without) == aggregate
    elif column == LAST_EVENTS.get(kind):
        with pytest.raises(BrokenHistory):
            verify(kind, read(without))
    else:
        with pytest.raises(CorruptRow):
            read(without)


@pytest.mark.parametrize("value", [b"text", bytearray(b"text"), True, 1.5])
@pytest.mark.parametrize(("kind", "column"), [
    (kind, column) for kind, column in CASES
    if column not in MARKS and not (kind == "line" and column == "ver")])
def test_a_column_of_another_type_is_refused(kind: str, column: str, value: object) -> None:
    row, read, _ = READERS[kind]
    with pytest.raises(CorruptRow):
        read({**row, column: value})


@pytest.mark.parametrize(("kind", "changes"), [
    ("order", {"schema": 2}), ("license", {"schema": 2}), ("held", {"schema": 2}),
    ("order", {"state": "stolen"}), ("held", {"reason": "mood"}),
    ("order", {"price_minor": -1}), ("order", {"price_minor": MOST_MINOR + 1}),
    ("order", {"currency": "yuan"}), ("order", {"payment_currency": "yuan"}),
    ("held", {"amount_minor": -1}),
    ("order", {"entitlements": '["pro", "x"]'}), ("order", {"entitlements": "{}"}),
    ("order", {"entitlements": "[1]"}), ("order", {"entitlements": "["}),
    ("order", {"head": "short"}), ("order", {"e0001": "{}"}), ("order", {"e0001": "not json"}),
    ("order", {"e0099": INSTRUCTED.history.events[0].canonical()}),
    ("order", {"e001": INSTRUCTED.history.events[0].canonical()}),
    ("order", {"grant": "{}"}), ("order", {"grant": "[]"}), ("order", {"grant": "null"}),
    ("license", {"g0001": "{}"}), ("license", {"g0004": LICENSE_ROW["g0001"]}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace(":1760", ": 1760")}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace('"order_id":"', '"order_id":1,"x":"')}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace('"term_days":365',
                                                       '"term_days":true')}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace(RENEWED.license_id, "another")}),
    ("license", {"s0001": LICENSE_ROW["s0001"].replace("revoked", "stolen")}),
    ("license", {"s0001": "{}"}), ("license", {"s0004": LICENSE_ROW["s0001"]}),
    ("license", {"s0001": LICENSE_ROW["s0001"].replace('"order_version":9',
                                                       '"order_version":"9"')}),
    ("order", {"r0001": "{}"}), ("order", {"r0001": "[]"}), ("order", {"r0001": "null"}),
    ("order", {"r0004": ORDER_ROW["r0001"]}), ("order", {"r1": ORDER_ROW["r0001"]}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace("succeeded", "stolen")}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace('"buyer"', '"mood"')}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace(":100,", ":-1,")}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace(":100,", ":100.0,")}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace(":100,", ":true,")}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace("CNY", "yuan")}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace('"2025-10-09"', "20251009")}),
    ("order", {"r0001": ORDER_ROW["r0001"].replace('{"', '{"a":1,"', 1)}),
    ("order", {"holds": "[]"}), ("order", {"holds": '["operator", "x"]'}),
    ("order", {"holds": "[1]"}), ("order", {"holds": '{"operator":1}'}),
    ("order", {"payment_late": 0}), ("order", {"payment_late": 2}),
    ("order", {"refund_policy": "{}"}), ("order", {"refund_policy": "null"}),
    ("order", {"refund_policy": ORDER_ROW["refund_policy"].replace("true", "1")}),
    ("order", {"refund_policy": ORDER_ROW["refund_policy"].replace("5000", "true")}),
    ("order", {"refund_policy": ORDER_ROW["refund_policy"].replace(":7", ":null")}),
    ("held", {"state": "stolen"}), ("held", {"transaction_id": "another"}),
    ("held", {"provider": "alipay"}), ("held", {"e0001": "{}"}),
    ("complaint", {"schema": 2}), ("complaint", {"state": "stolen"}),
    ("complaint", {"complaint_id": "another"}), ("complaint", {"provider": "alipay"}),
    ("complaint", {"is_fully_refunded": 2}), ("complaint", {"asked_refund_minor": -1}),
    ("complaint", {"asked_refund_currency": "yuan"}), ("complaint", {"order_ids": "{}"}),
    ("complaint", {"order_ids": "[1]"}), ("complaint", {"e0001": "{}"}),
    ("line", {"amount_minor": -1}), ("line", {"currency": "yuan"}),
    ("result", {"schema": 2}), ("result", {"state": "stolen"}),
    ("result", {"discrepancies": "{}"}), ("result", {"discrepancies": "[[]]"}),
    ("result", {"discrepancies": "[{}]"}),
    ("result", {"discrepancies": RESULT_ROW["discrepancies"].replace("repaired_", "made_up_")}),
    ("result", {"discrepancies": RESULT_ROW["discrepancies"].replace('"line":1', '"line":"1"')}),
])
def test_a_value_that_we_never_write_is_refused(kind: str, changes: Columns) -> None:
    row, read, _ = READERS[kind]
    assert row | changes != row
    with pytest.raises(CorruptRow):
        read({**row, **changes})


def test_columns_of_a_later_version_of_the_code_are_left_alone() -> None:
    """Two versions run side by side during a deployment."""
    row, read, aggregate = READERS["order"]
    assert read({**row, "risk_score": 7}) == aggregate


def test_a_corrupt_row_is_named_without_its_contents() -> None:
    row, read, _ = READERS["order"]
    with pytest.raises(CorruptRow) as caught:
        read({**row, "title": b"canary"})
    assert str(caught.value) == "INTERNAL_ERROR: corrupt row in orders: title"
    assert caught.value.status == 500


def test_a_changed_event_breaks_the_chain() -> None:
    row, read, _ = READERS["order"]
    verify("order", read(row))
    forged = {**row, "e0001": row["e0001"].replace("9900", "9901")}
    with pytest.raises(BrokenHistory):
        verify("order", read(forged))


def test_what_was_agreed_is_not_among_the_changes() -> None:
    agreed = set(order_rows.new_row(REFUNDED)) - set(order_rows.changes(REFUNDED))
    assert {"out_trade_no", "price_minor", "currency", "merchant_id", "license_id",
            "claim_secret_hash", "provider_request", "expires_at_s"} <= agreed


def test_a_version_removes_exactly_the_parts_it_lacks() -> None:
    assert order_rows.removed(REFUNDED) == ()
    assert set(order_rows.removed(ORDER)) == set(order_rows.MAY_GO)
    assert set(order_rows.removed(PAID)) == {"holds"}
    assert complaint_rows.removed(ANSWERED) == ()
    assert complaint_rows.removed(samples.complaint()) == ("answered_at_s",)


@pytest.mark.parametrize("column", ["payment_payer_hash", "payment_late"])
def test_a_part_of_a_payment_without_the_payment_is_refused(column: str) -> None:
    row = {**order_rows.new_row(INSTRUCTED), **mark(2, "token")}
    assert order_rows.read_order(ORDER.order_id, row) == INSTRUCTED
    with pytest.raises(CorruptRow):
        order_rows.read_order(ORDER.order_id, {**row, column: ORDER_ROW[column]})


def test_a_row_at_another_place_is_refused() -> None:
    with pytest.raises(CorruptRow):
        held_rows.read_held(held_rows.key_of("wechatpay", "another"), HELD_ROW)
    with pytest.raises(CorruptRow):
        complaint_rows.read_complaint(complaint_rows.key_of("alipay", ANSWERED.complaint_id),
                                      COMPLAINT_ROW)

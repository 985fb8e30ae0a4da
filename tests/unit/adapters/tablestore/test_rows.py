"""Aggregates to columns and back; every row that is not ours is refused, none is guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.tablestore import held_rows, license_rows, order_rows
from shared.adapters.tablestore.cells import CorruptRow
from shared.adapters.tablestore.writers import mark
from shared.domain.history import BrokenHistory, verify_chain
from shared.domain.money import MOST_MINOR, Money
from shared.domain.order import record_payment
from shared.domain.payment import TradeState
from tests.fakes import samples
from tests.fakes.samples import NOW_S
from tests.unit.adapters.tablestore.writes import HELD, INSTRUCTED, ORDER, RENEWED

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order

REFUNDED = record_payment(
    INSTRUCTED, samples.paid_fact(ORDER, trade_state=TradeState.REFUNDED), NOW_S + 99, "k1")

Columns = dict[str, Any]
ORDER_ROW: Columns = {**order_rows.new_row(REFUNDED), **mark(REFUNDED.version, "token")}
LICENSE_ROW: Columns = {**license_rows.new_row(RENEWED), **mark(RENEWED.version, "token")}
HELD_ROW: Columns = {**held_rows.new_row(HELD), **mark(1, "token")}
HELD_KEY = held_rows.key_of(HELD.provider, HELD.transaction_id)

READERS: dict[str, tuple[Columns, Callable[[Columns], object], object]] = {
    "order": (ORDER_ROW, lambda row: order_rows.read_order(ORDER.order_id, row), REFUNDED),
    "license": (LICENSE_ROW, lambda row: license_rows.read_license(RENEWED.license_id, row),
                RENEWED),
    "held": (HELD_ROW, lambda row: held_rows.read_held(HELD_KEY, row), HELD),
}
OPTIONAL = {"order": {"term_days"}, "license": set[str](), "held": {"paid_at_s"}}
MARKS = {"ver", "w3", "w2", "w1"}

NAMES = {"order": ORDER.order_id, "license": RENEWED.license_id}


def verify(kind: str, aggregate: Any) -> None:
    """As an audit does with what it has read."""
    history = aggregate.history
    verify_chain(kind, NAMES[kind], history.events, history.head)


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
    elif column in MARKS and (kind == "held" or column != "ver"):
        assert read(without) == aggregate
    elif column == f"e{len(REFUNDED.history.events):04d}" and kind == "order":
        with pytest.raises(BrokenHistory):
            verify("order", read(without))
    elif column == "e0002" and kind == "license":
        with pytest.raises(BrokenHistory):
            verify("license", read(without))
    elif column == "g0002":
        assert read(without) != aggregate
    else:
        with pytest.raises(CorruptRow):
            read(without)


@pytest.mark.parametrize("value", [b"text", bytearray(b"text"), True, 1.5])
@pytest.mark.parametrize(("kind", "column"), [
    (kind, column) for kind, column in CASES
    if not column.startswith("w") and not (kind == "held" and column == "ver")])
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
    ("order", {"e0009": INSTRUCTED.history.events[0].canonical()}),
    ("order", {"e001": INSTRUCTED.history.events[0].canonical()}),
    ("order", {"grant": "{}"}), ("order", {"grant": "[]"}), ("order", {"grant": "null"}),
    ("license", {"g0001": "{}"}), ("license", {"g0004": LICENSE_ROW["g0001"]}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace(":1760", ": 1760")}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace('"kid":"k1"', '"kid":1')}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace('"term_days":365',
                                                       '"term_days":true')}),
    ("license", {"g0001": LICENSE_ROW["g0001"].replace(RENEWED.license_id, "another")}),
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
    assert set(order_rows.removed(ORDER)) == {
        *order_rows.INSTRUCTION, *order_rows.PAYMENT, *order_rows.GRANT}


def test_transactions_of_a_second_are_spread_over_the_table() -> None:
    prefixes = {held_rows.key_of("wechat", f"42000001{n:020d}").values[0]
                for n in range(64)}
    assert len({str(prefix)[:1] for prefix in prefixes}) > 8


TEXT = st.text(max_size=40)


@settings(deadline=None)
@given(title=TEXT, names=st.lists(TEXT, max_size=4), amount=st.integers(0, MOST_MINOR),
       term_days=st.none() | st.integers(0, 10**6), secret=TEXT, request=TEXT)
def test_any_order_comes_back(title: str, names: list[str], amount: int,
                              term_days: int | None, secret: str, request: str) -> None:
    snapshot = replace(samples.SNAPSHOT, title=title, entitlements=tuple(names),
                       price=Money(amount, "CNY"), term_days=term_days)
    order: Order = replace(samples.order(snapshot=snapshot), claim_secret_hash=secret,
                           provider_request=request)
    row = {**order_rows.new_row(order), **mark(1, "token")}
    assert order_rows.read_order(order.order_id, row) == order

"""A held payment as one row of `held_payments`. Pure.

What was verified is written once, by `new_row`; what became of it is written by `changes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, RowReader
from shared.adapters.tablestore.history_columns import history_columns, read_history
from shared.adapters.tablestore.tables import HELD_PAYMENTS, spread
from shared.adapters.tablestore.writers import VERSION
from shared.domain.held import HeldPayment, HeldState, held_id
from shared.domain.money import Money
from shared.domain.payment import Mismatch, Payee

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key

SCHEMA = 1
AMOUNT = ("amount_minor", "currency")


def key_of(provider: str, transaction_id: str) -> Key:
    """Where the payment is."""
    return HELD_PAYMENTS.row(spread(held_id(provider, transaction_id)))


def new_row(held: HeldPayment) -> dict[str, Cell]:
    """All columns of a new one."""
    columns: dict[str, Cell] = {
        "schema": SCHEMA, "provider": held.provider, "transaction_id": held.transaction_id,
        "order_id": held.order_id, "out_trade_no": held.out_trade_no,
        "reason": held.reason.value, "merchant_id": held.payee.merchant_id,
        "app_id": held.payee.app_id, "source": held.source,
        "recorded_at_s": held.recorded_at_s}
    if held.amount is not None:
        columns["amount_minor"] = held.amount.amount_minor
        columns["currency"] = held.amount.currency
    if held.paid_at_s is not None:
        columns["paid_at_s"] = held.paid_at_s
    return {**columns, **changes(held)}


def changes(held: HeldPayment) -> dict[str, Cell]:
    """The columns that may differ from the version before."""
    return {"state": held.state.value, "provider_request": held.provider_request,
            **history_columns(held.history)}


def read_held(key: Key, columns: Mapping[str, object]) -> HeldPayment:
    """The held payment of a row; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key, columns)
    if reader.integer("schema") != SCHEMA:
        raise reader.corrupt("schema")
    try:
        held = _held(reader)
    except ValueError:
        raise reader.corrupt("a value out of its range") from None
    if key_of(held.provider, held.transaction_id) != key:
        raise reader.corrupt("p")
    return held


def _held(reader: RowReader) -> HeldPayment:
    text = reader.text
    amount = (Money(reader.integer("amount_minor"), text("currency"))
              if reader.has_all_or_none(AMOUNT) else None)
    return HeldPayment(
        provider=text("provider"), transaction_id=text("transaction_id"),
        order_id=text("order_id"), out_trade_no=text("out_trade_no"),
        reason=Mismatch(text("reason")), amount=amount,
        payee=Payee(text("merchant_id"), text("app_id")),
        paid_at_s=reader.optional_integer("paid_at_s"), source=text("source"),
        recorded_at_s=reader.integer("recorded_at_s"), history=read_history(reader),
        state=HeldState(text("state")), provider_request=text("provider_request"),
        version=reader.integer(VERSION))

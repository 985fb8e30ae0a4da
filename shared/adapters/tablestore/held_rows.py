"""A held payment as one row of `held_payments`, written once. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, RowReader
from shared.adapters.tablestore.tables import HELD_PAYMENTS
from shared.domain.money import Money
from shared.domain.payment import HeldPayment, Mismatch, Payee

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key

SCHEMA = 1
PREFIX_LENGTH = 4
AMOUNT = ("amount_minor", "currency")


def key_of(provider: str, transaction_id: str) -> Key:
    """Where the payment is. Transaction ids grow with time; the hash before them does not."""
    name = f"{provider}:{transaction_id}"
    prefix = hashlib.sha256(name.encode()).hexdigest()[:PREFIX_LENGTH]
    return HELD_PAYMENTS.row(f"{prefix}:{name}")


def new_row(held: HeldPayment) -> dict[str, Cell]:
    """All columns."""
    columns: dict[str, Cell] = {
        "schema": SCHEMA, "provider": held.provider, "transaction_id": held.transaction_id,
        "order_id": held.order_id, "reason": held.reason.value,
        "merchant_id": held.payee.merchant_id, "app_id": held.payee.app_id,
        "source": held.source, "recorded_at_s": held.recorded_at_s}
    if held.amount is not None:
        columns["amount_minor"] = held.amount.amount_minor
        columns["currency"] = held.amount.currency
    if held.paid_at_s is not None:
        columns["paid_at_s"] = held.paid_at_s
    return columns


def read_held(key: Key, columns: Mapping[str, object]) -> HeldPayment:
    """The held payment of a row; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key, columns)
    if reader.integer("schema") != SCHEMA:
        raise reader.corrupt("schema")
    try:
        return _held(reader)
    except ValueError:
        raise reader.corrupt("a value out of its range") from None


def _held(reader: RowReader) -> HeldPayment:
    text = reader.text
    amount = (Money(reader.integer("amount_minor"), text("currency"))
              if reader.has_all_or_none(AMOUNT) else None)
    return HeldPayment(
        provider=text("provider"), transaction_id=text("transaction_id"),
        order_id=text("order_id"), reason=Mismatch(text("reason")),
        payee=Payee(text("merchant_id"), text("app_id")), amount=amount,
        paid_at_s=reader.optional_integer("paid_at_s"), source=text("source"),
        recorded_at_s=reader.integer("recorded_at_s"))

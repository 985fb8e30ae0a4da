"""An order as one row of `orders`. Pure; both directions side by side.

What was agreed (number, snapshot, price, secret's hash, provider's request) is written once,
by `new_row`. What changes afterwards is written by `changes`, and by nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, RowReader, canonical_json
from shared.adapters.tablestore.grants import grant_text, read_grant
from shared.adapters.tablestore.history_columns import history_columns, read_history
from shared.adapters.tablestore.json_columns import check_names
from shared.adapters.tablestore.refund_rows import (
    HOLDS,
    hold_columns,
    policy_columns,
    read_holds,
    read_policy,
    read_refunds,
    refund_columns,
)
from shared.adapters.tablestore.tables import ORDERS
from shared.adapters.tablestore.writers import VERSION
from shared.domain import identifiers
from shared.domain.money import Money
from shared.domain.order import (
    Order,
    OrderState,
    Payment,
    PaymentInstruction,
    Snapshot,
)
from shared.domain.payment import Payee

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key
    from shared.domain.license import Grant

SCHEMA = 1
"""Form of the row. A reader refuses a form it does not know."""

INSTRUCTION = ("instruction_kind", "instruction_value", "instruction_expires_at_s")
PAYMENT = ("payment_transaction_id", "payment_amount_minor", "payment_currency",
           "payment_paid_at_s", "payment_source")
PAYER_HASH = "payment_payer_hash"
LATE = "payment_late"
"""1 where the order had been closed before; no column otherwise."""
GRANT = "grant"
REFUND_REPORTED = "refund_reported_at_s"


def key_of(order_id: str) -> Key:
    """Where the order is."""
    return ORDERS.row(order_id)


def new_row(order: Order) -> dict[str, Cell]:
    """All columns of a new order."""
    return {**_agreed(order), **changes(order)}


def changes(order: Order) -> dict[str, Cell]:
    """The columns that may differ from the version before."""
    columns: dict[str, Cell] = {
        "state": order.state.value, "next_query_at_s": order.next_query_at_s,
        **history_columns(order.history)}
    if order.instruction is not None:
        columns.update(zip(INSTRUCTION, (
            order.instruction.kind, order.instruction.value, order.instruction.expires_at_s),
            strict=True))
    if order.payment is not None:
        columns.update(_payment_columns(order.payment))
    if order.grant is not None:
        columns[GRANT] = grant_text(order.grant)
    if order.refund_reported_at_s is not None:
        columns[REFUND_REPORTED] = order.refund_reported_at_s
    return {**columns, **refund_columns(order.refunds), **hold_columns(order.holds)}


def removed(order: Order) -> tuple[str, ...]:
    """The columns that this version of the order does not have."""
    written = changes(order)
    return tuple(name for name in MAY_GO if name not in written)


MAY_GO = (*INSTRUCTION, *PAYMENT, PAYER_HASH, LATE, GRANT, HOLDS, REFUND_REPORTED)
"""Columns of parts that a version may lack although an earlier one had them."""


def read_order(order_id: str, columns: Mapping[str, object]) -> Order:
    """The order that a row holds; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key_of(order_id), columns)
    if reader.integer("schema") != SCHEMA:
        raise reader.corrupt("schema")
    # Another order's row in this one's place, by whatever hand, must not pass for it.
    if identifiers.order_id(reader.text("out_trade_no")) != order_id:
        raise reader.corrupt("out_trade_no")
    try:
        return _order(reader, order_id)
    except ValueError:
        raise reader.corrupt("a value out of its range") from None


def _agreed(order: Order) -> dict[str, Cell]:
    sold = order.snapshot
    columns: dict[str, Cell] = {
        "schema": SCHEMA, "out_trade_no": order.out_trade_no,
        "environment": order.environment, "provider": order.provider,
        "merchant_id": order.payee.merchant_id, "app_id": order.payee.app_id,
        "product_id": sold.product_id, "title": sold.title, "language": sold.language,
        "price_minor": sold.price.amount_minor, "currency": sold.price.currency,
        "entitlements": canonical_json(list(sold.entitlements)),
        "device_limit": sold.device_limit,
        "catalogue_version": sold.catalogue_version, "license_id": order.license_id,
        "claim_secret_hash": order.claim_secret_hash, "created_at_s": order.created_at_s,
        "expires_at_s": order.expires_at_s, "provider_request": order.provider_request}
    if sold.term_days is not None:
        columns["term_days"] = sold.term_days
    return {**columns, **policy_columns(sold.refund_policy)}


def _payment_columns(paid: Payment) -> dict[str, Cell]:
    columns: dict[str, Cell] = dict(zip(PAYMENT, (
        paid.transaction_id, paid.amount.amount_minor, paid.amount.currency,
        paid.paid_at_s, paid.source), strict=True))
    if paid.payer_hash is not None:
        columns[PAYER_HASH] = paid.payer_hash
    if paid.late:
        columns[LATE] = 1
    return columns


def _order(reader: RowReader, order_id: str) -> Order:
    text, integer = reader.text, reader.integer
    return Order(
        order_id=order_id, out_trade_no=text("out_trade_no"), environment=text("environment"),
        provider=text("provider"), payee=Payee(text("merchant_id"), text("app_id")),
        snapshot=_snapshot(reader), license_id=text("license_id"),
        claim_secret_hash=text("claim_secret_hash"), created_at_s=integer("created_at_s"),
        expires_at_s=integer("expires_at_s"), provider_request=text("provider_request"),
        next_query_at_s=integer("next_query_at_s"), state=OrderState(text("state")),
        history=read_history(reader), instruction=_instruction(reader),
        payment=_payment(reader), grant=_grant(reader), refunds=read_refunds(reader),
        holds=read_holds(reader),
        refund_reported_at_s=reader.optional_integer(REFUND_REPORTED), version=integer(VERSION))


def _snapshot(reader: RowReader) -> Snapshot:
    return Snapshot(
        product_id=reader.text("product_id"), title=reader.text("title"),
        language=reader.text("language"),
        price=Money(reader.integer("price_minor"), reader.text("currency")),
        term_days=reader.optional_integer("term_days"),
        entitlements=check_names(reader, "entitlements", reader.json("entitlements")),
        catalogue_version=reader.text("catalogue_version"), refund_policy=read_policy(reader),
        device_limit=reader.integer("device_limit"))


def _instruction(reader: RowReader) -> PaymentInstruction | None:
    if not reader.has_all_or_none(INSTRUCTION):
        return None
    kind, value, expires_at_s = INSTRUCTION
    return PaymentInstruction(
        reader.text(kind), reader.text(value), reader.integer(expires_at_s))


def _payment(reader: RowReader) -> Payment | None:
    if not reader.has_all_or_none(PAYMENT):
        if PAYER_HASH in reader.columns or LATE in reader.columns:
            raise reader.corrupt("a part of a payment without the payment")
        return None
    transaction_id, amount_minor, currency, paid_at_s, source = PAYMENT
    return Payment(
        reader.text(transaction_id),
        Money(reader.integer(amount_minor), reader.text(currency)),
        reader.integer(paid_at_s), reader.text(source),
        reader.optional_text(PAYER_HASH), late=_late(reader))


def _late(reader: RowReader) -> bool:
    if LATE not in reader.columns:
        return False
    if reader.integer(LATE) != 1:
        raise reader.corrupt(LATE)
    return True


def _grant(reader: RowReader) -> Grant | None:
    if (GRANT in reader.columns) != (PAYMENT[0] in reader.columns):
        raise reader.corrupt("a payment without its grant, or a grant without its payment")
    return read_grant(reader, GRANT) if GRANT in reader.columns else None

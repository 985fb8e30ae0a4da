"""Rows as they are stored, read strictly: what is not as docs/reference.md says is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scripts.auditing.evidence import (
    Books,
    Chain,
    Complaint,
    Due,
    Held,
    License,
    Line,
    Money,
    Order,
    Payment,
)
from scripts.auditing.names import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.auditing.evidence import Row, Tables

EVENT_FIELDS = {"kind": str, "at_s": int, "actor": str, "source": str, "data": dict}
GRANT_FIELDS = {"grant_id", "license_id", "product_id", "entitlements", "term_days",
                "granted_at_s", "order_id", "device_limit", "proof_kind", "proof_reference"}
REFUND_FIELDS = {"refund_id", "out_refund_no", "amount_minor", "currency", "state", "origin",
                 "requested_by", "requested_at_s", "provider_request", "provider_refund_id",
                 "settled_at_s", "billed_on"}
DEVICE_FIELDS = {"device_id", "thumbprint", "platform", "way", "activated_at_s", "dark_at_s"}
TAKEOVER_FIELDS = {"takeover_id", "thumbprint", "platform", "way", "replaces", "asked_at_s"}
STANDING_FIELDS = {"grant_id", "standing", "order_version"}
ORDER_TEXTS = ("out_trade_no", "environment", "provider", "merchant_id", "app_id", "product_id",
               "title", "language", "currency", "entitlements", "catalogue_version",
               "license_id", "claim_secret_hash", "provider_request", "state")
ORDER_NUMBERS = ("price_minor", "device_limit", "created_at_s", "expires_at_s", "next_query_at_s")


class Unreadable(Exception):
    """A row, or a part of it, is not as it must be; the message names the column alone."""


def read(tables: Tables) -> Books:
    """All that the tables say; rows that cannot be read are listed, and left out."""
    books = Books(rows=sum(len(rows) for rows in tables.values()))

    def each(table: str, take: Callable[[Row], None]) -> None:
        for row in tables.get(table, []):
            try:
                take(row)
            except Unreadable as error:
                books.unreadable.append((f"{table} {_name(row)}", str(error)))

    each("orders", lambda row: _put(books.orders, row["order_id"], read_order(row)))
    each("licenses", lambda row: _put(books.licenses, row["license_id"], read_license(row)))
    each("held_payments", lambda row: books.held.append(read_held(row)))
    each("complaints", lambda row: books.complaints.append(read_complaint(row)))
    each("due", lambda row: books.due.append(read_due(row)))
    each("ledger", lambda row: books.ledger.append(read_line(row)))
    each("payer_refunds", lambda row: books.payers.add(
        (text(row, "payer_hash"), text(row, "refund_id"))))
    each("reconciliations", lambda row: _put(books.days, text(row, "day"), read_day(row)))
    return books


def read_order(row: Row) -> Order:
    """A row of `orders`."""
    _whole_row(row)
    for name in ORDER_TEXTS:
        text(row, name)
    for name in ORDER_NUMBERS:
        number(row, name)
    payment = _payment(row)
    if ("grant" in row) != (payment is not None):
        raise Unreadable("a payment and its grant are not both there")
    return Order(
        text(row, "order_id"), row, chain(row), row["state"],
        Money(row["price_minor"], row["currency"]), payment,
        record(row, "grant", GRANT_FIELDS) if "grant" in row else None,
        tuple(record(row, name, REFUND_FIELDS) for name in numbered(row, "r")),
        names(row, "holds") if "holds" in row else ())


def read_license(row: Row) -> License:
    """A row of `licenses`."""
    _whole_row(row)
    for name in ("environment", "product_id"):
        text(row, name)
    return License(
        text(row, "license_id"), row, chain(row),
        tuple(record(row, name, GRANT_FIELDS) for name in numbered(row, "g")),
        tuple(record(row, name, STANDING_FIELDS) for name in numbered(row, "s")),
        _devices(row), _takeover(row))


def read_held(row: Row) -> Held:
    """A row of `held_payments`."""
    _whole_row(row)
    for name in ("provider", "transaction_id", "order_id", "out_trade_no", "reason", "state"):
        text(row, name)
    number(row, "recorded_at_s")
    return Held(text(row, "p"), row, chain(row))


def read_complaint(row: Row) -> Complaint:
    """A row of `complaints`."""
    _whole_row(row)
    for name in ("provider", "complaint_id", "state"):
        text(row, name)
    for name in ("complained_at_s", "answer_by_s", "user_complaint_times"):
        number(row, name)
    if row.get("is_fully_refunded") not in (0, 1):
        raise Unreadable("is_fully_refunded")
    return Complaint(text(row, "p"), row, chain(row), names(row, "order_ids"))


def read_due(row: Row) -> Due:
    """A row of `due`."""
    kind, colon, subject = text(row, "ref").partition(":")
    if not (kind and colon and subject):
        raise Unreadable("ref")
    return Due(kind, subject, number(row, "due_at_s"), number(row, "leased_until_s"))


def read_line(row: Row) -> Line:
    """A row of `ledger`."""
    if row.get("kind") not in ("payment", "refund"):
        raise Unreadable("kind")
    return Line(text(row, "day"), row["kind"], text(row, "number"), text(row, "order_id"),
                Money(number(row, "amount_minor"), text(row, "currency")))


def read_day(row: Row) -> Row:
    """A row of `reconciliations`."""
    if row.get("state") not in ("waiting", "failed", "started", "done"):
        raise Unreadable("state")
    number(row, "run_at_s")
    return row


def chain(row: Row) -> Chain:
    """The history of a row."""
    texts = tuple(text(row, name) for name in numbered(row, "e"))
    if not texts:
        raise Unreadable("a row without a history")
    return Chain(texts, tuple(_event(one) for one in texts), text(row, "head"))


def text(row: Row, name: str) -> str:
    """A column of text."""
    value = row.get(name)
    if type(value) is not str:
        raise Unreadable(name)
    return value


def number(row: Row, name: str) -> int:
    """A column with an integer."""
    value = row.get(name)
    if type(value) is not int:
        raise Unreadable(name)
    return value


def numbered(row: Row, prefix: str) -> list[str]:
    """The columns prefix0001, prefix0002, … without a gap."""
    found = sorted(name for name in row
                   if name.startswith(prefix) and name[len(prefix):].isdigit())
    if found != [f"{prefix}{place:04d}" for place in range(1, len(found) + 1)]:
        raise Unreadable(f"{prefix}0001 … has a gap")
    return found


def record(row: Row, name: str, fields: set[str]) -> dict[str, Any]:
    """A canonical JSON object with just these fields."""
    value = _json(text(row, name), name)
    if type(value) is not dict or set(value) != fields:
        raise Unreadable(name)
    return value


def names(row: Row, name: str) -> tuple[str, ...]:
    """A canonical JSON list of texts."""
    value = _json(text(row, name), name)
    if type(value) is not list or any(type(one) is not str for one in value):
        raise Unreadable(name)
    return tuple(value)


def _devices(row: Row) -> tuple[dict[str, Any], ...]:
    found = _json(text(row, "devices"), "devices")
    if type(found) is not list:
        raise Unreadable("devices")
    return tuple(_typed(one, DEVICE_FIELDS, "devices") for one in found)


def _takeover(row: Row) -> dict[str, Any] | None:
    found = _json(text(row, "takeover"), "takeover")
    return None if found is None else _typed(found, TAKEOVER_FIELDS, "takeover")


def _typed(value: Any, fields: set[str], name: str) -> dict[str, Any]:
    """An object with just these fields: times are integers, all else is text."""
    if type(value) is not dict or set(value) != fields or any(
            type(value[one]) is not (int if one.endswith("_at_s") else str) for one in fields):
        raise Unreadable(name)
    return value


def _payment(row: Row) -> Payment | None:
    parts = ("payment_transaction_id", "payment_amount_minor", "payment_currency",
             "payment_paid_at_s", "payment_source")
    there = [name in row for name in parts]
    if not any(there):
        return None
    if row.get("payment_late", 1) != 1:
        raise Unreadable("payment_late")
    return Payment(
        text(row, parts[0]), Money(number(row, parts[1]), text(row, parts[2])),
        number(row, parts[3]), text(row, parts[4]), row.get("payment_payer_hash"),
        "payment_late" in row)


def _event(stored: str) -> dict[str, Any]:
    event = _json(stored, "an event")
    if type(event) is not dict or set(event) != set(EVENT_FIELDS):
        raise Unreadable("an event")
    if any(type(event[name]) is not kind for name, kind in EVENT_FIELDS.items()):
        raise Unreadable("an event")
    return event


def _json(stored: str, name: str) -> Any:
    try:
        value = json.loads(stored)
    except (ValueError, RecursionError):
        raise Unreadable(name) from None
    if canonical(value) != stored:
        raise Unreadable(f"{name} is not in canonical form")
    return value


def _whole_row(row: Row) -> None:
    if row.get("schema") != 1:
        raise Unreadable("schema")
    if number(row, "ver") < 1:
        raise Unreadable("ver")


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    into[key] = value


def _name(row: Row) -> str:
    """What may be shown of a row's key: ids and days; others' names only by their hash."""
    for column in ("order_id", "license_id", "day"):
        if type(row.get(column)) is str:
            return str(row[column])
    return str(row.get("p", "?"))[:4]

"""Checks of single rows: readable, named by what they are about, whole, and as events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing.device_replay import misnamed_devices
from scripts.auditing.evidence import Check
from scripts.auditing.names import derived, heads, spread
from scripts.auditing.order_replay import differences
from scripts.auditing.other_replays import (
    complaint_differences,
    held_differences,
    license_differences,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.auditing.evidence import Books, Chain, Evidence, Found, Order


def _readable(evidence: Evidence) -> Found:
    return evidence.books.unreadable


def chains(books: Books) -> Iterator[tuple[str, str, str, str, Chain]]:
    """Every history: table, key in the table, kind and subject of its chain, the chain."""
    for order in books.orders.values():
        yield "orders", order.order_id, "order", order.order_id, order.chain
    for license_ in books.licenses.values():
        yield "licenses", license_.license_id, "license", license_.license_id, license_.chain
    for held in books.held:
        yield "held_payments", held.key, "held_payment", held.subject, held.chain
    for complaint in books.complaints:
        yield ("complaints", complaint.key, "complaint", complaint.row["complaint_id"],
               complaint.chain)


def shown(table: str, key: str) -> str:
    """A row's name without what others named it by."""
    return f"{table} {key if table in ('orders', 'licenses') else key[:4]}"


def _chains_hold(evidence: Evidence) -> Found:
    for table, key, kind, subject, chain in chains(evidence.books):
        if heads(kind, subject, chain.texts)[-1] != chain.head:
            yield shown(table, key), "its events do not lead to its head"


def _named_by_content(evidence: Evidence) -> Found:
    books = evidence.books
    for order in books.orders.values():
        yield from ((order.order_id, text) for text in _misnamed(order))
    yield from _misnamed_licenses(books)
    for held in books.held:
        if held.key != spread(held.subject):
            yield shown("held_payments", held.key), "it lies under another key"
        if held.row["order_id"] != derived("order", held.row["out_trade_no"]):
            yield shown("held_payments", held.key), "it names another order than its number"
    for complaint in books.complaints:
        name = f"{complaint.row['provider']}:{complaint.row['complaint_id']}"
        if complaint.key != spread(name):
            yield shown("complaints", complaint.key), "it lies under another key"


def _misnamed_licenses(books: Books) -> Found:
    """What a license is named by cannot be derived again: the order and it must name each other."""
    named: dict[str, str] = {}
    for order in books.orders.values():
        other = named.setdefault(order.row["license_id"], order.order_id)
        if other != order.order_id:
            yield order.order_id, f"its license is also that of {other}"
    for license_ in books.licenses.values():
        for grant in license_.grants:
            known = books.orders.get(grant["order_id"])
            if known is None or known.row["license_id"] != license_.license_id:
                yield license_.license_id, "the order of a grant does not name this license"
        yield from ((license_.license_id, text) for text in misnamed_devices(license_))


def _misnamed(order: Order) -> Iterator[str]:
    if order.order_id != derived("order", order.row["out_trade_no"]):
        yield "the order is not named by its number"
    for refund in order.refunds:
        if refund["refund_id"] != derived("refund", refund["out_refund_no"]):
            yield "a refund is not named by its number"


def _as_events_tell(evidence: Evidence) -> Found:
    books = evidence.books
    for order in books.orders.values():
        yield from ((order.order_id, text) for text in differences(order))
    for license_ in books.licenses.values():
        yield from ((license_.license_id, text) for text in license_differences(license_))
    for held in books.held:
        yield from ((shown("held_payments", held.key), text) for text in held_differences(held))
    for complaint in books.complaints:
        yield from ((shown("complaints", complaint.key), text)
                    for text in complaint_differences(complaint))


def _aggregates(evidence: Evidence) -> int:
    books = evidence.books
    return (len(books.orders) + len(books.licenses) + len(books.held) + len(books.complaints))


CHECKS = (
    Check("rows", "every row is as docs/reference.md says", _readable,
          lambda evidence: evidence.books.rows),
    Check("chains", "every history leads to its head", _chains_hold, _aggregates),
    Check("names", "rows lie under the names that follow from their content",
          _named_by_content, _aggregates),
    Check("replay", "every row is what its events tell", _as_events_tell, _aggregates))

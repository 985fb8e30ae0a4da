"""The answers of `admin` as lines for people. Times are Beijing times, like the bills'."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BEIJING = timezone(timedelta(hours=8))
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0}
"""Currencies without a second unit; all others have hundredths."""


def lines(ok: dict[str, Any]) -> Iterator[str]:
    """Everything that an answer holds, in the order in which people ask for it."""
    if "order" in ok:
        yield from _order(ok["order"])
    if ok.get("license"):
        yield from _license(ok["license"])
    if "held" in ok:
        yield from _table(("transaction", "order number", "amount", "reason", "state", "recorded"),
                          [_held(held) for held in ok["held"]], "no held payments")
    if "payer_hash_kept" in ok:
        yield ""
        yield (f"payer       {'kept as a keyed hash' if ok['payer_hash_kept'] else 'not kept'}, "
               f"refunds noted: {len(ok['payer_refunds'])}")
    if "complaints" in ok:
        yield from _table(("complaint", "state", "answer by", "answered", "kind", "orders"),
                          [_complaint(one) for one in ok["complaints"]], "no complaints")
    if "notified" in ok:
        yield f"notifies about complaints go to {ok['notified']}"
    if "provider" in ok:
        yield from _nested(ok["provider"])
    if "reconciliation" in ok:
        yield from _reconciliation(ok["reconciliation"])
    if "due" in ok:
        yield f"{ok['due']} rows are due"


def money(amount: dict[str, Any] | None) -> str:
    """99.00 CNY; – for what is not known."""
    if amount is None:
        return "–"
    digits = MINOR_DIGITS.get(amount["currency"], 2)
    whole, part = divmod(amount["amount_minor"], 10**digits)
    return f"{whole}{f'.{part:0{digits}d}' if digits else ''} {amount['currency']}"


def moment(at_s: int | None) -> str:
    """2026-11-22 10:00:05; – for never."""
    if at_s is None:
        return "–"
    return datetime.fromtimestamp(at_s, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _order(order: dict[str, Any]) -> Iterator[str]:
    payment = order["payment"]
    yield f"order       {order['out_trade_no']}  ({order['order_id']})"
    yield f"state       {order['state']}" + (
        f", held back: {', '.join(order['holds'])}" if order["holds"] else "")
    yield f"sold        {order['title']} ({order['product_id']}) for {money(order['price'])}"
    yield f"placed      {moment(order['created_at_s'])}"
    if payment is not None:
        late = ", after it was closed" if payment["late"] else ""
        yield (f"paid        {moment(payment['paid_at_s'])}  {money(payment['amount'])}  "
               f"transaction {payment['transaction_id']}, known by {payment['source']}{late}")
    if order["refunds"]:
        yield ""
        yield from _table(("refund", "amount", "state", "asked by", "asked", "settled"), [
            (one["refund_id"], money(one["amount"]), one["state"], one["requested_by"],
             moment(one["requested_at_s"]), moment(one["settled_at_s"]))
            for one in order["refunds"]])
    yield from _history("order", order["history"])


def _license(license_: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"license     {license_['license_id']}"
    yield (f"standing    {license_['standing']}, until "
           f"{'for ever' if license_['ends_at_s'] is None else moment(license_['ends_at_s'])}, "
           f"activated {moment(license_['activated_at_s'])}")
    if license_["devices"]:
        yield ""
        yield from _table((f"devices (of {license_['device_limit']})", "runs on", "came by",
                           "activated", "dark from"), [
            (one["device_id"], one["platform"], one["way"], moment(one["activated_at_s"]),
             moment(one["dark_at_s"])) for one in license_["devices"]])
    yield from _history("license", license_["history"])


def _history(of: str, events: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield from _table((f"{of}'s history", "event", "by", "known from"), [
        (moment(event["at_s"]), event["kind"], event["actor"], event["source"])
        for event in events])


def _held(held: dict[str, Any]) -> tuple[str, ...]:
    return (held["transaction_id"], held["out_trade_no"], money(held["amount"]), held["reason"],
            held["state"], moment(held["recorded_at_s"]))


def _complaint(one: dict[str, Any]) -> tuple[str, ...]:
    return (one["complaint_id"], one["state"], moment(one["answer_by_s"]),
            moment(one["answered_at_s"]), one["problem_type"], " ".join(one["order_ids"]) or "–")


def _reconciliation(result: dict[str, Any]) -> Iterator[str]:
    yield (f"{result['day']}  {result['state']}  at {moment(result['run_at_s'])} "
           f"by {result['actor']}")
    if result["state"] != "done":
        yield f"reason      {result['reason'] or 'the bill is not made yet'}"
        return
    yield (f"{result['payments']} payments, {result['refunds']} refunds, "
           f"{result['foreign']} lines of other shops")
    yield from _table(("difference", "kind", "order", "refund", "bill's line", "detail"), [
        (one["difference"], one["kind"], one["order_id"], one["refund_id"] or "–",
         str(one["line"] or "–"), one["detail"]) for one in result["differences"]],
        "bill and books are equal")
    if result["left_out"]:
        yield f"and {result['left_out']} more: see reconcile.difference in the log"


def _nested(value: Any, depth: int = 0) -> Iterator[str]:
    """Whatever the provider tells, as an outline."""
    pad = "  " * depth
    pairs = value.items() if isinstance(value, dict) else (("-", entry) for entry in value)
    for name, entry in pairs:
        if isinstance(entry, dict | list):
            yield f"{pad}{name}"
            yield from _nested(entry, depth + 1)
        else:
            yield f"{pad}{name}  {_one_line(str(entry))}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]],
           empty: str = "–") -> Iterator[str]:
    if not rows:
        yield empty
        return
    shown = [head, *(tuple(_one_line(cell) for cell in row) for row in rows)]
    widths = [max(cell_len(row[column]) for row in shown) for column in range(len(head))]
    for row in shown:
        yield "  ".join(cell + " " * (width - cell_len(cell))
                        for cell, width in zip(row, widths, strict=True)).rstrip()


def _one_line(text: str) -> str:
    """What a buyer wrote must not move the cursor of who reads it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)

"""An order's events, told again from the first one: they must lead to what its row says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.auditing.evidence import Order

UNPAID = {("created", "instructed"): "awaiting_payment",
          ("awaiting_payment", "instructed"): "awaiting_payment",
          ("created", "closed"): "closed", ("awaiting_payment", "closed"): "closed",
          ("created", "paid"): "paid", ("awaiting_payment", "paid"): "paid",
          ("closed", "paid"): "paid"}
TOLD = ("processing", "abnormal", "succeeded", "closed")
REFUND_MOVES = {
    "awaiting_approval": {"approved": "requested", "declined": "declined"},
    "requested": {"refused": "refused", **{told: told for told in TOLD}},
    "processing": {told: told for told in TOLD[1:]},
    "abnormal": {told: told for told in TOLD if told != "abnormal"},
    "closed": {"succeeded": "succeeded"}, "refused": {
        told: told for told in TOLD[:3]}}
OPEN = ("awaiting_approval", "requested", "processing", "abnormal")
AT_PROVIDER = ("processing", "abnormal", "succeeded", "closed")


class Impossible(Exception):
    """An event that cannot follow those before it."""


@dataclass
class Told:
    """An order as its events tell it."""

    state: str = ""
    paid: dict[str, Any] | None = None
    paid_source: str = ""
    is_late: bool = False
    is_payer_forgotten: bool = False
    instruction: tuple[str, int] | None = None
    reported_at_s: int | None = None
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)


def replay(order: Order) -> Told:
    """Raises Impossible."""
    told = Told()
    for place, event in enumerate(order.chain.events):
        kind = event["kind"]
        if (kind == "placed") != (place == 0):
            raise Impossible(f"event {place + 1} is {kind}")
        try:
            _tell(told, kind, event)
        except (KeyError, TypeError):
            raise Impossible(f"event {place + 1} ({kind}) lacks something") from None
    return told


def _tell(told: Told, kind: str, event: dict[str, Any]) -> None:
    data = event["data"]
    if kind == "placed":
        told.state = "created"
    elif kind in ("instructed", "closed", "paid"):
        _tell_before_payment(told, kind, event)
    elif told.paid is None:
        raise Impossible(f"{kind} before any payment")
    elif kind == "payer_forgotten":
        told.is_payer_forgotten = True
    elif kind == "refund_reported":
        told.reported_at_s = event["at_s"]
    elif kind == "held":
        told.holds.add(data["hold"])
    elif kind == "released":
        told.holds.remove(data["hold"])
    elif kind.startswith("refund_"):
        _tell_refund(told, kind.removeprefix("refund_"), event)
    else:
        raise Impossible(f"an unknown event {kind}")
    if told.paid is not None:
        told.state = _paid_state(told)


def _tell_before_payment(told: Told, kind: str, event: dict[str, Any]) -> None:
    if (told.state, kind) not in UNPAID:
        raise Impossible(f"{kind} while {told.state}")
    if kind == "paid":
        told.is_late = told.state == "closed"
        told.paid, told.paid_source = event["data"], event["source"]
    if kind == "instructed":
        told.instruction = (event["data"]["kind"], event["data"]["expires_at_s"])
    told.state = UNPAID[told.state, kind]


def _tell_refund(told: Told, word: str, event: dict[str, Any]) -> None:
    data = event["data"]
    refund_id = data["refund_id"]
    if word in ("requested", "found"):
        if refund_id in told.refunds:
            raise Impossible("one refund begins twice")
        told.refunds[refund_id] = {
            "state": data["state"], "amount": data["amount"],
            "origin": data.get("origin", "console"), "requested_by": event["actor"],
            "requested_at_s": event["at_s"], "provider_refund_id": None, "settled_at_s": None,
            "billed_on": None}
    refund = told.refunds.get(refund_id)
    if refund is None:
        raise Impossible(f"{word} of a refund that never began")
    if word not in ("requested", "found", "billed"):
        moves = REFUND_MOVES.get(refund["state"], {})
        if word not in moves:
            raise Impossible(f"a refund is {word} while {refund['state']}")
        refund["state"] = moves[word]
        refund["settled_at_s"] = None
    if refund["state"] == "succeeded" and "settled_at_s" in data:
        refund["settled_at_s"] = data["settled_at_s"]
    for name in ("provider_refund_id", "billed_on"):
        if name in data and (name != "billed_on" or refund[name] is None):
            refund[name] = data[name]


def _paid_state(told: Told) -> str:
    assert told.paid is not None
    gone = sum(one["amount"]["amount_minor"] for one in told.refunds.values()
               if one["state"] == "succeeded")
    if gone >= told.paid["amount"]["amount_minor"]:
        return "refunded"
    unexplained = told.reported_at_s is not None and not any(
        one["state"] in AT_PROVIDER for one in told.refunds.values())
    waiting = any(one["state"] in OPEN for one in told.refunds.values())
    return "refunding" if unexplained or waiting else "paid"


def differences(order: Order) -> Iterator[str]:
    """How the row differs from what its events tell."""
    try:
        told = replay(order)
    except Impossible as error:
        yield str(error)
        return
    row, refunds = order.row, {one["refund_id"]: one for one in order.refunds}
    if order.state != told.state:
        yield f"the row is {order.state}, its events say {told.state}"
    yield from _payment_differences(order, told)
    if set(order.holds) != told.holds:
        yield "the holds are not those of the events"
    if row.get("refund_reported_at_s") != told.reported_at_s:
        yield "refund_reported_at_s is not that of the events"
    if told.instruction != _instruction(order):
        yield "the instruction is not that of the events"
    if len(refunds) != len(order.refunds) or set(refunds) != set(told.refunds):
        yield "the refunds are not those of the events"
        return
    for refund_id, refund in refunds.items():
        yield from _refund_differences(refund, told.refunds[refund_id])


def _payment_differences(order: Order, told: Told) -> Iterator[str]:
    paid = order.payment
    if (paid is None) != (told.paid is None):
        yield "the row and the events do not both have a payment"
        return
    if paid is None or told.paid is None or order.grant is None:
        return
    if told.is_payer_forgotten and paid.payer_hash is not None:
        yield "its payer was forgotten, and is there"
    amount = {"amount_minor": paid.money.minor, "currency": paid.money.currency}
    stored = {"transaction_id": paid.transaction_id, "amount": amount,
              "paid_at_s": paid.paid_at_s, "grant_id": order.grant["grant_id"],
              "license_id": order.grant["license_id"]}
    if stored != told.paid or paid.source != told.paid_source or paid.is_late != told.is_late:
        yield "the payment is not that of the events"


def _instruction(order: Order) -> tuple[str, int] | None:
    if "instruction_kind" not in order.row:
        return None
    return order.row["instruction_kind"], order.row["instruction_expires_at_s"]


def _refund_differences(refund: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    amount = {"amount_minor": refund["amount_minor"], "currency": refund["currency"]}
    if amount != told["amount"]:
        yield "a refund's amount is not that of the events"
    for name, value in told.items():
        if name != "amount" and refund[name] != value:
            yield f"a refund's {name} is not that of the events"

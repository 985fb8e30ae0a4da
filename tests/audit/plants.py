"""One wrong thing each, in an otherwise clean town, and the check that must find it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scripts.auditing.journal import Accepted, Paid, Returned
from tests.audit.device_plants import DEVICE_PLANTS, said
from tests.audit.town import alter, one, retell

if TYPE_CHECKING:
    from tests.audit.town import Town

Plant = Callable[["Town"], Any]


def _edited_event(town: Town) -> None:
    row = town.order("paid")
    row["e0003"] = row["e0003"].replace('"at_s":1', '"at_s":2', 1)


def _cut_off(town: Town) -> None:
    """The newest event removed, and the head put back: only an anchor could tell."""
    retell(town.order("refunded"), "order", town.orders["refunded"], lambda events: events.pop())


def _story(town: Town, story: str, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    retell(town.order(story), "order", town.orders[story], change)


def _pay_more(town: Town) -> None:
    """Another amount, in the column and in the event alike."""
    town.order("paid")["payment_amount_minor"] = 9901
    _story(town, "paid", lambda events: [
        event["data"]["amount"].update(amount_minor=9901)
        for event in events if event["kind"] == "paid"])


def _same_transaction(town: Town) -> None:
    town.order("gifted")["payment_transaction_id"] = town.order("paid")["payment_transaction_id"]


def _twice_refunded(town: Town) -> None:
    alter(town.order("refunded"), "r0001", amount_minor=9901)


def _refund_without_number(town: Town) -> None:
    first = town.order("refunded")["r0001"]
    town.order("partly")["r0001"] = first


def _license_gone(town: Town) -> None:
    town.rows["licenses"].remove(town.license("paid"))


def _free_license(town: Town) -> None:
    row = dict(town.license("paid"), license_id="0" * 26)
    alter(row, "g0001", license_id="0" * 26, grant_id="1" * 26)
    town.rows["licenses"].append(row)


def _still_active(town: Town) -> None:
    row = town.license("refunded")
    alter(row, "s0001", standing="active")
    retell(row, "license", row["license_id"], lambda events: events.__setitem__(
        slice(None), [event for event in events if event["kind"] != "revoked"
                      and event["kind"] != "suspended"]))


def _ledger_line_gone(town: Town) -> None:
    town.rows["ledger"].remove(one(town.rows["ledger"], order_id=town.orders["paid"]))


def _ledger_line_of_nobody(town: Town) -> None:
    town.rows["ledger"].append(dict(town.rows["ledger"][0], number="4200000000"))


def _without_due(story: str) -> Plant:
    def plant(town: Town) -> None:
        town.rows["due"] = [row for row in town.rows["due"]
                            if row["ref"] != f"order:{town.orders[story]}"]
    return plant


def _late_due(town: Town) -> None:
    town.rows["due"][0]["due_at_s"] -= 10_000_000


def _never_closed(town: Town) -> None:
    row = town.order("closed")
    row["state"] = "awaiting_payment"
    _story(town, "closed", lambda events: events.pop())


def _day_open(town: Town) -> None:
    one(town.rows["reconciliations"], day=_first_day(town))["state"] = "waiting"


def _first_day(town: Town) -> str:
    return str(town.rows["ledger"][0]["day"])


def _processed_complaint(town: Town) -> None:
    [row] = town.rows["complaints"]
    row["state"], row["user_complaint_times"] = "processed", 1
    retell(row, "complaint", row["complaint_id"], lambda events: events.append({
        **events[0], "kind": "complaint_changed", "data": {
            "state": "processed", "user_complaint_times": 1, "is_fully_refunded": False}}))


def _unknown_payment(town: Town) -> None:
    number = town.order("open")["out_trade_no"]
    town.journal.payments.append(Paid(number, "42099", 9900, "CNY", town.now_s - 5_000))


def _never_taken(town: Town) -> None:
    number = town.order("paid")["out_trade_no"]
    town.journal.payments[:] = [paid for paid in town.journal.payments
                                if paid.out_trade_no != number]


def _unknown_refund(town: Town) -> None:
    number = town.order("paid")["out_trade_no"]
    town.journal.refunds.append(Returned("console-9", number, 100, "succeeded", "2026-01-01"))


def _never_refunded(town: Town) -> None:
    town.journal.refunds.pop()


def _unbooked(town: Town) -> None:
    town.journal.accepted.append(Accepted("payment", town.order("open")["out_trade_no"]))


def _unbooked_refund(town: Town) -> None:
    town.journal.accepted.append(Accepted("refund", town.order("paid")["out_trade_no"], "x"))


def _payer(town: Town) -> None:
    town.rows["payer_refunds"].clear()


def _wrong_state(town: Town) -> None:
    town.order("paid")["state"] = "refunded"


def _other_grant(**changes: Any) -> Plant:
    return lambda town: alter(town.order("paid"), "grant", **changes)


def _paid_early(town: Town) -> None:
    town.order("paid")["payment_paid_at_s"] -= 1_000_000


def _booked_by_nobody(town: Town) -> None:
    [row] = town.rows["held_payments"]
    row["state"] = "booked"


def _gap(town: Town) -> None:
    del town.order("refunded")["e0002"]


def _number_as_text(town: Town) -> None:
    town.order("paid")["price_minor"] = "9900"


def _spaces(town: Town) -> None:
    row = town.order("paid")
    row["grant"] = json.dumps(json.loads(row["grant"]))


def _complaint_state(town: Town) -> None:
    [row] = town.rows["complaints"]
    row["state"] = "pending"


PLANTS: dict[str, tuple[str, Plant]] = {
    **DEVICE_PLANTS,
    "a gap in the events": ("rows", _gap),
    "a price as text": ("rows", _number_as_text),
    "a record not in its canonical form": ("rows", _spaces),
    "an edited event": ("chains", _edited_event),
    "a foreign head": ("chains", lambda town: town.license("paid").update(head="0" * 64)),
    "a held payment's head": (
        "chains", lambda town: town.rows["held_payments"][0].update(head="0" * 64)),
    "another order number": (
        "names", lambda town: town.order("paid").update(out_trade_no="TB01" + "0" * 27)),
    "a complaint under another key": (
        "names", lambda town: town.rows["complaints"][0].update(p="0000:x")),
    "a state that no event made": ("replay", _wrong_state),
    "an event cut off": ("replay", _cut_off),
    "a complaint's state": ("replay", _complaint_state),
    "a license that was never used, by its row": (
        "replay", lambda town: town.license("paid").pop("activated_at_s")),
    "another amount": ("owed", _pay_more),
    "paid before it was placed": ("owed", _paid_early),
    "one payment for two orders": ("single", _same_transaction),
    "booked by nobody": ("single", _booked_by_nobody),
    "a longer term than was sold": ("grants", _other_grant(term_days=3_650)),
    "another entitlement": ("grants", _other_grant(entitlements=["pro", "team"])),
    "a grant of another payment": ("grants", _other_grant(proof_reference="wechatpay:1")),
    "more back than was paid": ("refund-sums", _twice_refunded),
    "one refund on two orders": ("refund-numbers", _refund_without_number),
    "paid without a license": ("delivered", _license_gone),
    "a license without a payment": ("granted", _free_license),
    "refunded and still active": ("standings", _still_active),
    "a movement that is not in the ledger": ("ledger", _ledger_line_gone),
    "a movement that no order has": ("ledger", _ledger_line_of_nobody),
    "an open order that nobody looks at": ("stuck", _without_due("open")),
    "an open complaint that nobody looks at": (
        "stuck", lambda town: town.rows["due"].__setitem__(slice(None), [
            row for row in town.rows["due"] if row["ref"][:5] != "compl"])),
    "a row that is never worked off": ("late", _late_due),
    "an order that never ends": ("ended", _never_closed),
    "a day without a reconciliation": ("days", _day_open),
    "a refund that is not counted": ("payers", _payer),
    "a hold of a processed complaint": ("holds", _processed_complaint),
    "a payment that was not booked": ("taken", _unknown_payment),
    "a payment that was never taken": ("booked", _never_taken),
    "a refund that no row knows": ("given-back", _unknown_refund),
    "a refund that was never made": ("sent-back", _never_refunded),
    "a notify acknowledged and not booked": ("acknowledged", _unbooked),
    "a refund acknowledged and not booked": ("acknowledged", _unbooked_refund),
    "said to be paid": ("logged", said("order.paid", "open")),
    "said to be refunded": ("logged", said("order.refund_succeeded", "paid", refund_id="x")),
    "said to be revoked": ("logged-licenses", said("license.revoked", "paid", grant_id="x")),
    "a lease for a refunded order": ("leases", said("license.leased", "refunded")),
    "a lease for another's license": (
        "leases", lambda town: said("license.leased", "paid", license_id=town.license(
            "gifted")["license_id"])(town)),
    "said to be accepted, and not paid": (
        "logged-notifies", said("notify.accepted", "open", kind="payment")),
    "said to be accepted, and not refunded": (
        "logged-notifies", said("notify.accepted", "paid", kind="refund")),
    "said to be held": ("logged-held", said("payment.held", "paid", first=True)),
}

"""Checks of the rows against what the functions said in their log that they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing import device_replay
from scripts.auditing.evidence import Check
from scripts.auditing.other_replays import WORTH

if TYPE_CHECKING:
    from scripts.auditing.access_log import LogLine
    from scripts.auditing.evidence import Evidence, Found, License

ORDER_WORDS = {"order.placed": "placed", "order.instructed": "instructed", "order.paid": "paid",
               "order.closed": "closed", "order.refund_reported": "refund_reported",
               "order.held": "held", "order.released": "released"}
REFUND_WORDS = "order.refund_"
LICENSE_WORDS = ("granted", "suspended", "revoked", "restored", "activated",
                 *device_replay.KINDS)

TOLD = ("grant_id", "device_id")
"""Fields of a license's fact that are those of its event."""


def _lines(evidence: Evidence) -> list[LogLine]:
    assert evidence.log is not None
    return evidence.log


def _durable(evidence: Evidence) -> Found:
    """What was logged was stored before: the row must have the event."""
    for line in _lines(evidence):
        order_id = line.fields.get("order_id")
        word = ORDER_WORDS.get(line.fact)
        if line.fact.startswith(REFUND_WORDS) and "refund_id" in line.fields:
            word = line.fact.removeprefix("order.")
        if word is None or not isinstance(order_id, str):
            continue
        order = evidence.books.orders.get(order_id)
        if order is None or not any(
                event["kind"] == word and event["data"].get("refund_id")
                == line.fields.get("refund_id") for event in order.chain.events):
            yield order_id, f"the log says {line.fact}, and the row does not have it"


def _licensed(evidence: Evidence) -> Found:
    for line in _lines(evidence):
        kind = line.fact.removeprefix("license.")
        license_id = line.fields.get("license_id")
        if not line.fact.startswith("license.") or kind not in LICENSE_WORDS:
            continue
        license_ = evidence.books.licenses.get(str(license_id))
        if license_ is None or not any(
                event["kind"] == kind and all(
                    event["data"].get(name) == line.fields.get(name) for name in TOLD)
                for event in license_.chain.events):
            yield str(license_id), f"the log says {line.fact}, and the row does not have it"


def _leased(evidence: Evidence) -> Found:
    for line in _lines(evidence):
        if line.fact not in ("license.leased", "license.pending"):
            continue
        license_id = str(line.fields.get("license_id"))
        license_ = evidence.books.licenses.get(license_id)
        order = evidence.books.orders.get(str(line.fields.get("order_id")))
        if license_ is None or order is None or order.row["license_id"] != license_id:
            yield license_id, "a lease for a license or an order that is not there"
        elif not _was_active(license_, line.at_s, evidence.skew_s):
            yield license_id, "a lease was handed out while the license was not active"
        elif not _had_slot(license_, line, evidence.skew_s):
            yield license_id, "a lease was handed to a device without a slot"
        elif license_.row.get("activated_at_s") is None and not any(
                grant["proof_kind"] != "payment" for grant in license_.grants):
            # The use of a gift is no use of what was paid, and is not noted.
            yield license_id, "a lease was handed out, and the license was never used"


def _had_slot(license_: License, line: LogLine, skew_s: int) -> bool:
    """Whether the device had a slot at some moment within the skew around the line's time."""
    device_id, has_slot = line.fields.get("device_id"), False
    for event in license_.chain.events:
        if has_slot and event["at_s"] >= line.at_s - skew_s:
            return True
        if event["at_s"] > line.at_s + skew_s:
            return False
        if event["kind"] == "devices_forgotten":
            has_slot = False
        elif event["data"].get("device_id") == device_id:
            has_slot = event["kind"] not in device_replay.ENDS
    return has_slot


def _was_active(license_: License, at_s: int, skew_s: int) -> bool:
    """Whether some grant was active at some moment within the skew around `at_s`."""
    worth: dict[str, str] = {}
    active = False
    for event in license_.chain.events:
        # What was true up to this event was true until at_s - skew, or it is past the window.
        if active and event["at_s"] >= at_s - skew_s:
            return True
        if event["at_s"] > at_s + skew_s:
            return False
        if event["kind"] == "granted":
            worth[event["data"]["grant_id"]] = "active"
        elif event["kind"] in WORTH:
            worth[event["data"]["grant_id"]] = WORTH[event["kind"]]
        active = "active" in worth.values()
    return active


def _accepted(evidence: Evidence) -> Found:
    """A payment is booked on its order; a refund is on its order, or a held payment's."""
    held = {one.row["order_id"] for one in evidence.books.held}
    for line in _lines(evidence):
        if line.fact != "notify.accepted":
            continue
        order_id, kind = str(line.fields.get("order_id")), line.fields.get("kind")
        order = evidence.books.orders.get(order_id)
        is_booked = order is not None and bool(
            order.payment if kind == "payment" else order.refunds)
        if not is_booked and not (kind == "refund" and order_id in held):
            yield order_id, f"the notify of a {kind} was accepted, and it is not stored"


def _held(evidence: Evidence) -> Found:
    known = {one.row["order_id"] for one in evidence.books.held}
    for line in _lines(evidence):
        if line.fact == "payment.held" and line.fields.get("first") is True:
            order_id = str(line.fields.get("order_id"))
            if order_id not in known:
                yield order_id, "the log says that a payment is held, and no row has it"


def _count(evidence: Evidence, *beginnings: str) -> int | None:
    if evidence.log is None:
        return None
    return sum(line.fact.startswith(beginnings) for line in evidence.log)


CHECKS = (
    Check("logged", "what the log says of orders is stored", _durable,
          lambda evidence: _count(evidence, "order.")),
    Check("logged-licenses", "what the log says of licenses is stored", _licensed,
          lambda evidence: _count(evidence, *(f"license.{word}" for word in LICENSE_WORDS))),
    Check("leases", "leases left for active licenses alone", _leased,
          lambda evidence: _count(evidence, "license.leased", "license.pending")),
    Check("logged-notifies", "notifies that were accepted are stored", _accepted,
          lambda evidence: _count(evidence, "notify.accepted")),
    Check("logged-held", "payments that were held are stored", _held,
          lambda evidence: _count(evidence, "payment.held")))

"""The events of licenses, held payments and complaints, told again like those of orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.auditing import device_replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.auditing.evidence import Complaint, Held, License

WORTH = {"suspended": "suspended", "revoked": "revoked", "restored": "active"}
HELD_MOVES = {
    ("waiting", "refund_requested"): "refund_requested",
    ("refund_failed", "refund_requested"): "refund_requested",
    ("refund_requested", "refund_succeeded"): "refunded",
    ("refund_requested", "refund_failed"): "refund_failed",
    ("waiting", "refund_succeeded"): "refunded", ("refund_failed", "refund_succeeded"): "refunded",
    ("dismissed", "refund_succeeded"): "refunded", ("waiting", "booked"): "booked",
    ("refund_failed", "booked"): "booked", ("waiting", "dismissed"): "dismissed",
    ("refund_failed", "dismissed"): "dismissed"}


def license_differences(license_: License) -> Iterator[str]:
    """How a license's row differs from what its events tell."""
    told: list[dict[str, Any]] = []
    worth: dict[str, tuple[str, int]] = {}
    activated = None
    for event in license_.chain.events:
        kind, data = event["kind"], event["data"]
        if kind == "granted":
            told.append(data)
        elif kind in WORTH and isinstance(data.get("order_version"), int):
            worth[str(data.get("grant_id"))] = (WORTH[kind], data["order_version"])
        elif kind == "activated" and activated is None:
            activated = event["at_s"]
        elif kind not in device_replay.KINDS:
            yield f"an event that cannot be here: {kind}"
    if [_as_told(grant) for grant in license_.grants] != told:
        yield "the grants are not those of the events"
    if license_.row.get("activated_at_s") != activated:
        yield "activated_at_s is not that of the events"
    yield from _worth_differences(license_, worth)
    yield from device_replay.device_differences(license_)


def _as_told(grant: dict[str, Any]) -> dict[str, Any]:
    return {"grant_id": grant["grant_id"], "proof": grant["proof_kind"],
            "reference": grant["proof_reference"], "term_days": grant["term_days"],
            "entitlements": grant["entitlements"], "granted_at_s": grant["granted_at_s"],
            "device_limit": grant["device_limit"]}


def _worth_differences(license_: License, worth: dict[str, tuple[str, int]]) -> Iterator[str]:
    known = {grant["grant_id"] for grant in license_.grants}
    stored = {one["grant_id"]: one for one in license_.standings}
    if len(stored) != len(license_.standings) or not (stored.keys() | worth.keys()) <= known:
        yield "a standing of a grant that is not there, or two of one"
        return
    for grant_id in known:
        standing, version = worth.get(grant_id, ("active", 0))
        told = stored.get(grant_id, {"standing": "active", "order_version": 0})
        if told["standing"] != standing or told["order_version"] < version:
            yield f"a grant is {told['standing']}, its events say {standing}"


def held_differences(held: Held) -> Iterator[str]:
    """How a held payment's row differs from what its events tell."""
    events = held.chain.events
    if events[0]["kind"] != "held" or events[0]["data"].get("reason") != held.row["reason"]:
        yield "the first event does not say why it was held"
    state = "waiting"
    for event in events[1:]:
        after = HELD_MOVES.get((state, event["kind"]))
        if after is None:
            yield f"{event['kind']} while {state}"
            return
        state = after
    if held.row["state"] != state:
        yield f"the row is {held.row['state']}, its events say {state}"


def complaint_differences(complaint: Complaint) -> Iterator[str]:
    """How a complaint's row differs from what its events tell."""
    first, row = complaint.chain.events[0], complaint.row
    if first["kind"] != "complained" or first["data"].get("order_ids") != list(
            complaint.order_ids):
        yield "the first event does not tell of this complaint"
        return
    told: dict[str, Any] = {"state": first["data"].get("state")}
    answered_at_s, is_certain = None, True
    for event in complaint.chain.events[1:]:
        if event["kind"] == "answered":
            answered_at_s = event["at_s"]
        elif event["kind"] == "complaint_changed":
            # How often the buyer had complained at first is not in the first event.
            is_certain &= ("user_complaint_times" in told or answered_at_s is None
                           or event["data"]["user_complaint_times"] == 1)
            if _is_again(told, event["data"]):
                answered_at_s = None
            told = event["data"]
        elif event["kind"] != "completed":
            yield f"an event that cannot be here: {event['kind']}"
    for name, value in told.items():
        if row[name] != value:
            yield f"{name} is not that of the events"
    if is_certain and row.get("answered_at_s") != answered_at_s:
        yield "answered_at_s is not that of the events"


def _is_again(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the buyer complained once more."""
    times = before.get("user_complaint_times", after["user_complaint_times"])
    return bool(after["user_complaint_times"] > times
                or (after["state"] != "processed" and before["state"] == "processed"))

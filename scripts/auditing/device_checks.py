"""Checks of devices: how many, how they came, how they lost a slot, and until when they are good.

The numbers are those of docs/licenses.md, written here once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.auditing.device_replay import Seats
from scripts.auditing.evidence import Check
from scripts.auditing.other_replays import WORTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.auditing.evidence import Evidence, Found, License

DAY_S = 86_400
MOST_SWAPS, SWAP_WINDOW_S = 5, 90 * DAY_S
WAIT_S, LIFE_S, BARRED_S = 3 * DAY_S, 14 * DAY_S, 90 * DAY_S
SLOW_CLOCK_S = 3_600
LONGEST_S = 21 * DAY_S + SLOW_CLOCK_S
"""The longest lease with its grace, on the slowest clock."""
OBJECTIONS = ("takeover_objected", "device_objected")

Told = tuple[dict[str, Any], "Seats"]


def _walk(license_: License) -> Iterator[Told]:
    """Each event, and the devices as they were before it."""
    seats = Seats()
    for event in license_.chain.events:
        yield event, seats
        seats.tell(event)


def _within_limit(evidence: Evidence) -> Found:
    for license_ in evidence.books.licenses.values():
        limit = 0
        for event, seats in _walk(license_):
            if event["kind"] == "granted":
                limit = max(limit, event["data"].get("device_limit", 0))
            elif event["kind"] == "device_activated" and len(seats.devices) >= limit:
                yield license_.license_id, "a device more than the limit was activated"


def _claimed_once(evidence: Evidence) -> Found:
    for license_ in evidence.books.licenses.values():
        claims = [event for event in license_.chain.events
                  if event["kind"] == "device_activated" and event["data"].get("way") == "claim"]
        if len(claims) > 1:
            yield license_.license_id, "its claim secret activated two devices"


def _swaps(evidence: Evidence) -> Found:
    window_s = SWAP_WINDOW_S - 2 * evidence.skew_s
    for license_ in evidence.books.licenses.values():
        swaps: list[int] = []
        welcome = True
        for event in license_.chain.events:
            if event["kind"] == "device_removed":
                if event["data"].get("counts"):
                    swaps.append(event["at_s"])
                elif event["actor"] == "buyer" and welcome:
                    yield license_.license_id, "a swap that is not counted"
            welcome = event["kind"] != "device_objected"
        swaps.sort()
        if any(later - first < window_s
               for first, later in zip(swaps, swaps[MOST_SWAPS:], strict=False)):
            yield license_.license_id, "more than five swaps in 90 days"


def _takeovers(evidence: Evidence) -> Found:
    for license_ in evidence.books.licenses.values():
        approved: set[str] = set()
        swapped = ""
        for event, seats in _walk(license_):
            kind, data = event["kind"], event["data"]
            if kind == "takeover_approved":
                approved.add(data.get("takeover_id", ""))
            if kind == "device_removed" and "takeover_id" in data:
                swapped = data["takeover_id"]
                yield from ((license_.license_id, text) for text in _swap_wrongs(
                    event, seats, approved, evidence.skew_s))
            if kind == "device_activated":
                if swapped not in approved and _is_barred(license_, event, evidence.skew_s):
                    yield license_.license_id, "a device came by a way that was objected to"
                swapped = ""


def _swap_wrongs(event: dict[str, Any], seats: Seats, approved: set[str],
                 skew_s: int) -> Iterator[str]:
    """What is wrong with the loss of a slot to a request."""
    takeover_id = event["data"]["takeover_id"]
    asked = seats.asked.get(takeover_id)
    if asked is None or asked.replaces != event["data"]["device_id"]:
        yield "a slot was lost to a request that was not made for it"
    elif takeover_id in seats.objected:
        yield "a slot was lost to a request that was objected to"
    elif takeover_id not in approved:
        waited_s = event["at_s"] - asked.asked_at_s
        if not WAIT_S - skew_s <= waited_s < LIFE_S + skew_s:
            yield "a slot was lost without an approval, and not between 72 hours and 14 days"


def _is_barred(license_: License, event: dict[str, Any], skew_s: int) -> bool:
    """Whether somebody had objected to this way, or to the license key, not long before."""
    way = event["data"].get("way")
    if way == "claim":
        return False
    for before in license_.chain.events:
        if before is event:
            return False
        if (before["kind"] in OBJECTIONS and before["data"].get("way") in (way, "license_key")
                and event["at_s"] < before["at_s"] + BARRED_S - skew_s):
            return True
    return False


def _goes_dark(evidence: Evidence) -> Found:
    for license_ in evidence.books.licenses.values():
        worthless_at_s = _worthless_since(license_)
        last_s = evidence.now_s if worthless_at_s is None else worthless_at_s
        most_s = min(_latest_end(license_) + SLOW_CLOCK_S, last_s + LONGEST_S + evidence.skew_s)
        if any(one["dark_at_s"] > most_s for one in license_.devices):
            yield license_.license_id, "a device is good for longer than its license may be"
        for event in license_.chain.events:
            if event["data"].get("dark_at_s", 0) > event["at_s"] + LONGEST_S + evidence.skew_s:
                yield license_.license_id, "a device that lost its slot is good for too long"


def _worthless_since(license_: License) -> int | None:
    """Since when no grant is worth anything; None: some grant is."""
    worth: dict[str, str] = {}
    since = None
    for event in license_.chain.events:
        if event["kind"] == "granted":
            worth[event["data"]["grant_id"]] = "active"
        elif event["kind"] in WORTH:
            worth[event["data"]["grant_id"]] = WORTH[event["kind"]]
        else:
            continue
        if "active" in worth.values():
            since = None
        elif since is None:
            since = event["at_s"]
    return since


def _latest_end(license_: License) -> int:
    """When it ends if every grant counts: the latest that could ever be said."""
    end_s = 0
    for grant in sorted(license_.grants, key=lambda one: int(one["granted_at_s"])):
        if grant["term_days"] is None:
            return 1 << 62
        end_s = max(end_s, grant["granted_at_s"]) + grant["term_days"] * DAY_S
    return end_s


def _count(evidence: Evidence, *kinds: str) -> int:
    return sum(event["kind"] in kinds for license_ in evidence.books.licenses.values()
               for event in license_.chain.events)


CHECKS = (
    Check("devices", "no license ever had more devices than it may", _within_limit,
          lambda evidence: _count(evidence, "device_activated")),
    Check("claims", "a claim secret activates one device", _claimed_once,
          lambda evidence: _count(evidence, "device_activated")),
    Check("swaps", "five devices at most are taken off a license in 90 days", _swaps,
          lambda evidence: _count(evidence, "device_removed")),
    Check("takeovers", "slots are lost to requests approved, or after 72 hours without objection",
          _takeovers, lambda evidence: _count(evidence, "takeover_asked")),
    Check("dark", "no device is good for longer than its license, or 21 days after a refund",
          _goes_dark, lambda evidence: sum(
              len(license_.devices) for license_ in evidence.books.licenses.values())))

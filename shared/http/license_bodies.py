"""The bodies that license-fetch takes, read by hand: pydantic is not on its import path."""

from __future__ import annotations

from typing import Any

from shared.domain.device import Claim, Way
from shared.errors import InvalidRequest

PLATFORM = "platform"
DECISIONS = {"approve": True, "object": False}
WAYS = {"order_number": Way.ORDER_NUMBER, "license_key": Way.LICENSE_KEY}
MOST_TYPED = 64


def read_claim(body: dict[str, Any]) -> tuple[str, object]:
    """The order's id and the platform of a claim."""
    _refuse_unknown(body, {"order_id", PLATFORM})
    return _text(body, "order_id"), body.get(PLATFORM, "")


def read_restore(body: dict[str, Any]) -> tuple[Claim, object]:
    """What the buyer knows, and the platform: exactly one of order number and license key."""
    _refuse_unknown(body, {*WAYS, "replaces", PLATFORM})
    given = [name for name in WAYS if name in body]
    if len(given) != 1:
        raise InvalidRequest(code="INVALID_FIELD", field="order_number")
    replaces = _text(body, "replaces") if "replaces" in body else None
    return Claim(WAYS[given[0]], _text(body, given[0]), replaces), body.get(PLATFORM, "")


def read_decision(body: dict[str, Any]) -> bool:
    """Whether a request for a slot is approved; False: objected to."""
    _refuse_unknown(body, {"decision"})
    decision = DECISIONS.get(_text(body, "decision"))
    if decision is None:
        raise InvalidRequest(code="INVALID_FIELD", field="decision")
    return decision


def _refuse_unknown(body: dict[str, Any], known: set[str]) -> None:
    if not body.keys() <= known:
        raise InvalidRequest(code="INVALID_FIELD")


def _text(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= MOST_TYPED:
        raise InvalidRequest(code="INVALID_FIELD", field=field)
    return value

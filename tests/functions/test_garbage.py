"""Whatever comes in at any door: an answer, never a mistake of ours, and nothing stored."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from tests.fakes.proofs import FakeDeviceProofs
from tests.functions.events import as_dict
from tests.functions.shopfront import Shopfront
from tests.functions.test_bad_requests import (
    CLAIM_HEADERS,
    FUNCTIONS,
    GOOD,
    ORDER_HEADERS,
    ROUTES,
    SOME_ID,
    check_error,
    nothing_happened,
)
from tests.unit.use_cases.world import DEVICE, KEY, SECRET

DEVICE_HEADERS = {**CLAIM_HEADERS, "dpop": FakeDeviceProofs().proof(
    DEVICE.thumbprint, FakeClock().now_s())}
TEXTS = st.text(max_size=20) | st.sampled_from([KEY, SECRET, f"Bearer {SECRET}", SOME_ID,
                                                "application/json", "application/json, x"])
NAMES = st.sampled_from(["Content-Type", "Authorization", "Idempotency-Key", "fake-signature",
                         "Content-Encoding", "X-Any", "authorization", "DPoP", "dpop"])
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
                      lambda inner: st.lists(inner, max_size=3), max_leaves=4)
OBJECTS = st.dictionaries(
    st.sampled_from(["product_id", "claim_secret_hash", "currency", "language", "order_id",
                     "order_number", "license_key", "replaces", "platform", "decision"])
    | TEXTS, VALUES | st.sampled_from([*GOOD.values(), "approve", "chrome/windows"]), max_size=4)


@st.composite
def garbage(draw: st.DrawFn) -> object:
    """Mostly a request that one of our routes could get, with strange parts."""
    function, method, path = draw(st.sampled_from(ROUTES))
    raw = as_dict(draw(st.sampled_from([method] * 4 + ["OPTIONS", ""])),
                  draw(st.sampled_from([path] * 4 + ["/", "/v1/orders/%00"])))
    raw["headers"] = {**draw(st.sampled_from([{}, ORDER_HEADERS, CLAIM_HEADERS, DEVICE_HEADERS])),
                      **draw(st.dictionaries(NAMES, TEXTS, max_size=3))}
    raw["body"] = draw(TEXTS | OBJECTS.map(json.dumps))
    raw["isBase64Encoded"] = draw(st.sampled_from([False, False, False, True, None]))
    raw["requestContext"]["http"]["sourceIp"] = draw(st.sampled_from(["203.0.113.7", "", "::1"]))
    return function, raw


@settings(max_examples=400, deadline=None)
@given(garbage())
def test_garbage_is_never_our_fault(made: tuple[str, dict[str, Any]]) -> None:
    function, raw = made
    front = Shopfront()
    reply = front.call(function, json.dumps(raw).encode())
    assert reply.status < 500, reply
    assert "function.crashed" not in front.world.log.names()
    if reply.status >= 400 and function != "notify":
        nothing_happened(front)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FUNCTIONS), st.binary(max_size=100) | VALUES | OBJECTS)
def test_what_is_no_event_at_all_is_400(function: str, raw: object) -> None:
    front = Shopfront()
    check_error(front.call(function, raw), 400, "INVALID_REQUEST")
    nothing_happened(front)

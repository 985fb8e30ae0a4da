from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.fc.responses import from_payload

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8)
RETURNED = st.fixed_dictionaries(
    {"statusCode": st.integers(100, 700) | JSON_VALUES},
    optional={"headers": st.dictionaries(st.text(), st.text(), max_size=3) | JSON_VALUES,
              "body": st.text() | JSON_VALUES, "isBase64Encoded": st.booleans() | JSON_VALUES})


@given(RETURNED | JSON_VALUES)
def test_whatever_a_handler_returns_there_is_a_well_formed_response(value: Any) -> None:
    response = from_payload(json.dumps(value).encode(), "1-a")
    assert 200 <= response.status <= 599
    names = [name.lower() for name, _ in response.headers]
    assert len(names) == len(set(names))
    assert response.header("X-Fc-Request-Id") == "1-a"
    assert not any(character in text for _, text in response.headers for character in "\r\n\0")


@given(st.binary())
def test_bytes_that_are_not_json_come_back_as_they_are(payload: bytes) -> None:
    try:
        is_object = isinstance(json.loads(payload), dict)
    except ValueError:
        is_object = False
    if not is_object:
        response = from_payload(payload, "1-a")
        assert (response.status, response.body) == (200, payload)


@pytest.mark.parametrize(("size", "status"), [(8192 - 200, 200), (8192, 502)])
def test_response_headers_have_a_limit(size: int, status: int) -> None:
    value = {"statusCode": 200, "headers": {"X-A": "b" * size}}
    assert from_payload(json.dumps(value).encode(), "1-a").status == status

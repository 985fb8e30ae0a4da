"""Holds an answer against docs/openapi.json: its status, its codes and its body."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
NOT_ROUTED = {"ROUTE_NOT_FOUND", "INVALID_REQUEST", "INVALID_HEADER", "INTERNAL_ERROR"}
"""What can be answered although no route was found."""


def operation_of(function: str, method: str, path: str) -> dict[str, Any] | None:
    """The documented operation that this function answers at this path, if any."""
    for template, item in DOCUMENT["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]*", re.escape(template))
        found: dict[str, Any] | None = item.get(method.lower())
        if found and found["tags"] == [function] and re.fullmatch(pattern, path):
            return found
    return None


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": DOCUMENT["components"]})


def check_body(schema: dict[str, Any], body: object) -> None:
    """Raise jsonschema's ValidationError unless the body is of this schema."""
    _validator(json.dumps(schema)).validate(body)


def check_answer(operation: dict[str, Any], status: int, headers: dict[str, str],
                 text: str) -> None:
    """An answer of a documented route is a documented answer."""
    responses = operation["responses"]
    response = responses.get(str(status), responses.get("default"))
    assert response is not None, f"{operation['operationId']} has no {status}"
    named = response.get("headers", {})
    assert ("DPoP-Nonce" in headers) <= ("DPoP-Nonce" in named)
    assert ("DPoP-Nonce" in headers) >= ("DPoP-Nonce" in named and status < 400)
    if "content" not in response:
        assert text == ""
        return
    media = response["content"]["application/json"]
    body = json.loads(text)
    check_body(media["schema"], body)
    if "examples" in media:
        assert body["error"]["code"] in media["examples"], (operation["operationId"], body)
        assert ("Retry-After" in headers) <= ("Retry-After" in response.get("headers", {}))
        assert ("Allow" in headers) == (status == 405)


def check_unrouted(text: str) -> None:
    """An answer without a route is an error of the one shape."""
    body = json.loads(text)
    check_body({"$ref": "#/components/schemas/ErrorAnswer"}, body)
    assert body["error"]["code"] in NOT_ROUTED | {"METHOD_NOT_ALLOWED"}

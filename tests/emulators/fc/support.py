"""Rendered documents with one thing changed, and plain HTTP."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS = Path(__file__).with_name("functions")


def http_trigger(*methods: str, **config: Any) -> dict[str, Any]:
    return {"triggerName": "http", "triggerType": "http",
            "triggerConfig": {"authType": "anonymous", "methods": list(methods or ["GET", "POST"]),
                              **config}}


def timer(name: str = "tick", cron: str = "0 * * * * *", **config: Any) -> dict[str, Any]:
    return {"triggerName": name, "triggerType": "timer",
            "triggerConfig": {"cronExpression": cron, "enable": True, **config}}


def function(handler: str = "behaviours.handler", **props: Any) -> dict[str, Any]:
    return {"component": "fc3@0.1.22", "props": {
        "region": "cn-hangzhou", "runtime": "python3.10", "code": ".", "handler": handler,
        "functionName": "emulated", "timeout": 10, "memorySize": 512,
        "triggers": [http_trigger()], **props}}


def rendered(**resources: dict[str, Any]) -> dict[str, Any]:
    return {"edition": "3.0.0", "resources": resources or {"main": function()}}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def send(url: str, method: str = "GET", body: bytes | None = None,
         headers: dict[str, str] | None = None) -> Answer:
    parts = urlsplit(url)
    target = url[len(f"{parts.scheme}://{parts.netloc}"):] or "/"
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()},
                      answer.read())
    finally:
        connection.close()


def ask(url: str, text: str) -> Answer:
    """POST the name of a behaviour as plain text."""
    return send(url, "POST", text.encode(), {"Content-Type": "text/plain"})


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; a minute without it is a failure."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.005)

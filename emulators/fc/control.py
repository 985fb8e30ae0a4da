"""The control API, under `/-/`: what a developer or a test asks of the emulator itself. Unsigned.

GET  /-/functions                           names, addresses, instance counters
GET  /-/functions/NAME/logs                 what the function printed, one line per line
POST /-/functions/NAME/timers/TRIGGER       fire a timer now and wait for it
POST /-/functions/NAME/kill                 kill all instances of the function
POST /-/functions/NAME/invocations          invoke with the body as payload, without signature
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from emulators.fc.responses import Response

if TYPE_CHECKING:
    from emulators.fc.functions import Invocation
    from emulators.fc.http_io import Request
    from emulators.fc.server import FunctionComputeEmulator

PREFIX = "/-/"


class ControlApi:
    """Answers requests below `/-/`."""

    def __init__(self, emulator: FunctionComputeEmulator) -> None:
        self._emulator = emulator

    def answer(self, request: Request) -> Response:
        """Route by method and path; 404 with the reason for anything unknown."""
        parts = request.path.removeprefix(PREFIX).strip("/").split("/")
        try:
            if parts == ["functions"] and request.method == "GET":
                return _json(200, self._overview())
            if len(parts) >= 3 and parts[0] == "functions":
                return self._about_function(request, parts[1], parts[2:])
        except KeyError as error:
            return _json(404, {"error": str(error.args[0])})
        return _json(404, {"error": f"there is no {request.method} {request.path}"})

    def _about_function(self, request: Request, name: str, rest: list[str]) -> Response:
        emulator, verb = self._emulator, (request.method, rest[0])
        if verb == ("GET", "logs"):
            text = "".join(f"{line}\n" for line in emulator.logs(name))
            return Response(200, [("Content-Type", "text/plain; charset=utf-8")], text.encode())
        if verb == ("POST", "timers") and len(rest) == 2:
            return _json(200, _summary(emulator.fire_timer(name, rest[1])))
        if verb == ("POST", "kill"):
            emulator.kill_instances(name)
            return _json(200, asdict(emulator.instances(name)))
        if verb == ("POST", "invocations"):
            return _json(200, _summary(emulator.invoke(name, request.body)))
        raise KeyError(f"there is no {request.method} {request.path}")

    def _overview(self) -> dict[str, object]:
        return {
            spec.name: {
                "resource": spec.resource,
                "url": self._emulator.url(spec.name),
                "timers": {timer.name: timer.cron_expression for timer in spec.timers},
                "instances": asdict(self._emulator.instances(spec.name)),
            }
            for spec in self._emulator.rendered.functions
        }


def _summary(done: Invocation) -> dict[str, object]:
    return {
        "requestId": done.request_id,
        "kind": done.kind,
        "attempts": done.attempts,
        "payload": done.payload.decode("utf-8", "replace"),
    }


def _json(status: int, value: object) -> Response:
    body = (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
    return Response(status, [("Content-Type", "application/json")], body)

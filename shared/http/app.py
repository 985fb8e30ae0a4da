"""From event to answer: routes, errors and CORS in one place, so that a handler stays small."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.errors import MethodNotAllowed, NotFound, TongbaoError
from shared.http import fc_event
from shared.http.request import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.http.request import Platform
    from shared.ports import FactLog

JSON_TYPE = "application/json; charset=utf-8"
PREFLIGHT_SECONDS = 86_400

CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, DPoP-Nonce",
}
"""Any origin: no cookie is ever read, every right comes from a secret in a header."""

PREFLIGHT_HEADERS = {
    **CORS_HEADERS,
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, DPoP",
    "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
}

SAFETY_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Route(NamedTuple):
    """`method` and `path` ("/v1/orders/{order_id}") lead to `handle`.

    `refuse` makes the answer to an error where its form is the caller's contract, not ours.
    """

    method: str
    path: str
    handle: Callable[[Request], Answer]
    refuse: Callable[[TongbaoError], Answer] | None = None

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters if this route is meant, else None."""
        if "{" not in self.path:
            return {} if path == self.path else None
        wanted, given = self.path.split("/"), path.split("/")
        if len(wanted) != len(given):
            return None
        parameters = {}
        for want, give in zip(wanted, given, strict=True):
            if want.startswith("{"):
                parameters[want[1:-1]] = give
            elif want != give:
                return None
        return parameters


@dataclass(frozen=True)
class App:
    """The routes of one function. `cors` is for routes that browsers call; `begin` starts
    the invocation's deadline and log, from the platform's context. Another cloud is another
    `platform`.
    """

    routes: Sequence[Route]
    log: FactLog
    cors: bool
    begin: Callable[[object], None]
    platform: Platform = fc_event

    def __call__(self, event: object, context: object) -> dict[str, Any]:
        """Answer one event. Never raises: whatever happens has a status and a code."""
        request_id = self.platform.request_id_of(context)
        try:
            self.begin(context)
            request = self.platform.parse_event(event, request_id)
            return self._as_dict(self._route(request))
        except Exception as error:
            return self._as_dict(self._refuse(known(error, self.log), request_id))

    def _route(self, request: Request) -> Answer:
        matches = [(route, parameters) for route in self.routes
                   if (parameters := route.match(request.path)) is not None]
        if not matches:
            raise NotFound
        methods = {route.method for route, _ in matches} | ({"OPTIONS"} if self.cors else set())
        allowed = ", ".join(sorted(methods))
        if request.method == "OPTIONS" and self.cors:
            return Answer(204, raw=b"", headers={
                **PREFLIGHT_HEADERS, "Access-Control-Allow-Methods": allowed})
        for route, parameters in matches:
            if route.method == request.method:
                return self._handled(
                    route, request._replace(parameters=parameters) if parameters else request)
        refusal = self._refuse(MethodNotAllowed(), request.request_id)
        return refusal._replace(headers={**refusal.headers, "Allow": allowed})

    def _handled(self, route: Route, request: Request) -> Answer:
        try:
            return route.handle(request)
        except Exception as error:
            if route.refuse is None:
                raise
            return route.refuse(known(error, self.log))

    def _refuse(self, error: TongbaoError, request_id: str) -> Answer:
        self.log.fact("request.refused", code=error.code, status=error.status,
                      reason=error.reason)
        headers = dict(error.headers)
        if error.retry_after_s is not None:
            headers["Retry-After"] = str(error.retry_after_s)
        return Answer(error.status, error.as_dict(request_id), headers=headers)

    def _as_dict(self, answer: Answer) -> dict[str, Any]:
        headers: dict[str, str] = {**SAFETY_HEADERS, **(CORS_HEADERS if self.cors else {})}
        body = answer.raw
        if body is None:
            body = dump_json(answer.value)
        if body:
            headers["Content-Type"] = JSON_TYPE
        return self.platform.answer_dict(answer.status, {**headers, **answer.headers}, body)


def known(error: Exception, log: FactLog) -> TongbaoError:
    """The error as one of ours; any other is a mistake in our code, and told as such."""
    if isinstance(error, TongbaoError):
        return error
    log.fact("function.crashed", alarm=True, kind=type(error).__name__)
    return TongbaoError()


def dump_json(value: Mapping[str, Any]) -> bytes:
    """The JSON of every answer: UTF-8, no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

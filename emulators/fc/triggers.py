"""HTTP triggers: what a request must satisfy before the function runs, and what comes back.

One HttpEntry serves a function's own address; Gateway serves the custom domains. The refusals and
their order are the platform's where documented; README.md marks the assumptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from emulators.fc.acs3 import SignatureError, SignedRequest, Verifier
from emulators.fc.events import Domain, http_event
from emulators.fc.functions import EmulatedFunction, Invocation, new_request_id
from emulators.fc.responses import Response, failure, from_payload, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulators.fc.http_io import Request
    from emulators.fc.rendered import HttpTrigger, Route

MAX_REQUEST_HEADERS_BYTES = 8 * 1024
MAX_TARGET_BYTES = 4 * 1024
MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_ASYNC_BODY_BYTES = 128 * 1024


class RefusedError(Exception):
    """The platform answers by itself; the function does not run."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self, request_id: str) -> Response:
        """The answer."""
        return refusal(self.status, self.code, str(self), request_id)


def is_async(request: Request) -> bool:
    """Whether the caller wants 202 at once."""
    return (request.header("X-Fc-Invocation-Type") or "").lower() == "async"


def check_sizes(request: Request) -> None:
    """Raise RefusedError when the request exceeds the limits of HTTP triggers."""
    size = sum(len(name) + len(value.encode()) + 4 for name, value in request.headers)
    if size > MAX_REQUEST_HEADERS_BYTES:
        raise RefusedError(
            400, "InvalidArgument", f"request headers exceed {MAX_REQUEST_HEADERS_BYTES} bytes"
        )
    if len(request.target) > MAX_TARGET_BYTES:
        raise RefusedError(
            400, "InvalidArgument", f"request path and query exceed {MAX_TARGET_BYTES} bytes"
        )
    limit = MAX_ASYNC_BODY_BYTES if is_async(request) else MAX_BODY_BYTES
    if len(request.body) > limit:
        raise RefusedError(
            400, "EntityTooLarge", f"payload size exceeds maximum allowed size ({limit} bytes)"
        )


def check_signature(request: Request, verifier: Verifier) -> None:
    """Raise RefusedError unless the request carries a valid signature."""
    try:
        verifier.verify(
            SignedRequest(request.method, request.target, request.headers, request.body)
        )
    except SignatureError as error:
        raise RefusedError(error.status, error.code, str(error)) from error


def http_answer(done: Invocation) -> Response:
    """The HTTP response for a finished invocation of an HTTP trigger."""
    if done.kind == "throttled":
        return refusal(429, "ResourceThrottled", "Reserve resource exceeded limit", done.request_id)
    if not done.ok:
        return failure(done.payload, done.request_id)
    return from_payload(done.payload, done.request_id)


class HttpEntry:
    """Turns requests for one function into invocations."""

    def __init__(
        self,
        function: EmulatedFunction,
        verifier: Verifier,
        now_s: Callable[[], float],
        account_id: str,
    ) -> None:
        self._function = function
        self._verifier = verifier
        self._now_s = now_s
        self._account_id = account_id

    def default_address(self, request: Request) -> Response:
        """Answer a request that came to the function's own address."""
        spec = self._function.spec
        # The platform names the host that was asked for. Here that is an address of this machine.
        asked = request.header("Host") or f"{spec.name}-emulated.{spec.region}.fcapp.run"
        answer = self.answer(request, asked, default_domain=True)
        if answer.header("X-Fc-Error-Type") is None and answer.status != 202:
            return answer.plus("Content-Disposition", "attachment")
        return answer

    def answer(self, request: Request, domain: str, *, default_domain: bool = False) -> Response:
        """Check the request, run the function and make the response."""
        request_id = new_request_id(self._now_s())
        try:
            self._check(request, default_domain)
        except RefusedError as refused:
            return refused.response(request_id)
        event = http_event(
            request.method,
            request.target,
            request.headers,
            request.body,
            source_ip=request.client_ip,
            request_id=request_id,
            now_s=self._now_s(),
            domain=Domain(domain, self._account_id),
        )
        if is_async(request):
            self._function.invoke_async(event, request_id=request_id)
            return Response(202, [("X-Fc-Request-Id", request_id)])
        return http_answer(self._function.invoke(event, request_id=request_id))

    def _check(self, request: Request, default_domain: bool) -> None:
        trigger = self._function.spec.http
        if trigger is None:
            raise RefusedError(404, "TriggerNotFound", "the function has no HTTP trigger")
        if default_domain and trigger.internet_disabled:
            raise RefusedError(
                403, "AccessDenied", "access denied due to function internet URL is disable"
            )
        check_sizes(request)
        self._check_method_and_auth(trigger, request)

    def _check_method_and_auth(self, trigger: HttpTrigger, request: Request) -> None:
        if request.method not in trigger.methods:
            raise RefusedError(
                403, "AccessDenied", f"method {request.method} is not allowed by the HTTP trigger"
            )
        if trigger.auth == "function":
            check_signature(request, self._verifier)


class Gateway:
    """One address for all custom domains: the longest matching route takes the request."""

    def __init__(
        self, routes: Sequence[Route], entries: dict[str, HttpEntry], now_s: Callable[[], float]
    ) -> None:
        self._routes = sorted(routes, key=lambda route: -len(route.path))
        self._entries = entries
        self._now_s = now_s

    def answer(self, request: Request) -> Response:
        """Route by path, then as the function's trigger says."""
        path = unquote(request.path, errors="replace")
        route = next((route for route in self._routes if route.matches(path)), None)
        entry = None if route is None else self._entries.get(route.function_name)
        request_id = new_request_id(self._now_s())
        if route is None or entry is None:
            return refusal(404, "RouteNotFound", f"no route for {path!r}", request_id)
        if route.methods and request.method not in route.methods:
            return refusal(
                403,
                "AccessDenied",
                f"method {request.method} is not allowed by the route",
                request_id,
            )
        return entry.answer(request, route.domain)

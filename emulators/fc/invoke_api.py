"""The signed API of version 2023-03-30, as far as InvokeFunction goes.

The official SDK works against it with `Config(endpoint="127.0.0.1:PORT", protocol="http")`.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from emulators.fc.functions import EmulatedFunction, new_request_id
from emulators.fc.responses import FUNCTION_ERROR, Response, refusal
from emulators.fc.triggers import (
    MAX_ASYNC_BODY_BYTES,
    MAX_BODY_BYTES,
    RefusedError,
    check_signature,
    is_async,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulators.fc.acs3 import Verifier
    from emulators.fc.http_io import Request

LOG_TAIL_BYTES = 4096
_INVOCATIONS = re.compile(r"/2023-03-30/functions/([^/]+)/invocations")


class InvokeApi:
    """Serves InvokeFunction for all functions of one account."""

    def __init__(
        self,
        functions: Mapping[str, EmulatedFunction],
        verifier: Verifier,
        now_s: Callable[[], float],
    ) -> None:
        self._functions = functions
        self._verifier = verifier
        self._now_s = now_s

    def answer(self, request: Request) -> Response:
        """Check the signature, run the function, answer as the API does."""
        request_id = new_request_id(self._now_s())
        try:
            function = self._checked(request)
        except RefusedError as refused:
            return refused.response(request_id)
        if is_async(request):
            function.invoke_async(request.body, request_id=request_id)
            return Response(202, [("X-Fc-Request-Id", request_id)])
        done = function.invoke(request.body, request_id=request_id)
        if done.kind == "throttled":
            return refusal(429, "ResourceThrottled", "Reserve resource exceeded limit", request_id)
        response = Response(200, [("X-Fc-Request-Id", request_id)], done.payload)
        response = response.plus(
            "Content-Type", "application/octet-stream" if done.ok else "application/json"
        )
        if not done.ok:
            response = response.plus("X-Fc-Error-Type", FUNCTION_ERROR)
        return self._with_log(response, request, function, request_id)

    def _checked(self, request: Request) -> EmulatedFunction:
        check_signature(request, self._verifier)
        found = _INVOCATIONS.fullmatch(request.path)
        if found is None or request.method != "POST":
            raise RefusedError(
                400,
                "PathNotSupported",
                f"'{request.method}' against '{request.path}' is not supported",
            )
        name = unquote(found[1])
        if name not in self._functions:
            raise RefusedError(404, "FunctionNotFound", f"function '{name}' does not exist")
        limit = MAX_ASYNC_BODY_BYTES if is_async(request) else MAX_BODY_BYTES
        if len(request.body) > limit:
            raise RefusedError(
                400, "EntityTooLarge", f"payload size exceeds maximum allowed size ({limit} bytes)"
            )
        return self._functions[name]

    def _with_log(
        self, response: Response, request: Request, function: EmulatedFunction, request_id: str
    ) -> Response:
        if (request.header("X-Fc-Log-Type") or "").lower() != "tail":
            return response
        text = "\n".join(line.text for line in function.log.lines(request_id))
        tail = text.encode()[-LOG_TAIL_BYTES:]
        return response.plus("X-Fc-Log-Result", base64.b64encode(tail).decode("ascii"))

"""What the emulator answers with, and how an answer is dated, signed and spoilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING

from emulators.wechatpay.envelopes import changed, dump, sign_and_spoil, wire_time_s
from emulators.wechatpay.errors import (
    FREQUENCY_LIMITED,
    STATEMENT_CREATING,
    SYSTEM_ERROR,
    ApiError,
    Problem,
)

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context
    from emulators.wechatpay.faults import Taken
    from emulators.wechatpay.records import JsonObject
    from emulators.wechatpay.signing import SigningKey

JSON_TYPE = "application/json; charset=utf-8"
BAD_GATEWAY_PAGE = (b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
                    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. ``delay_s`` is for the server to wait before it sends it."""

    status: int
    headers: dict[str, str]
    body: bytes
    delay_s: float = 0.0


class ConnectionDropped(ConnectionError):
    """The connection ended without an answer. ``hold_s``: how long it stayed silent before."""

    def __init__(self, hold_s: float = 0.0) -> None:
        super().__init__("the connection was dropped")
        self.hold_s = hold_s


@dataclass(frozen=True)
class Reply:
    """What an endpoint has to say. ``key`` None leaves the answer unsigned; ``traced`` says
    whether it carries a Request-Id."""

    status: int
    document: JsonObject | None = None
    content: bytes = b""
    content_type: str = JSON_TYPE
    key: SigningKey | None = None
    code: str | None = None
    sub_code: int = 0
    traced: bool = True
    headers: dict[str, str] = field(default_factory=dict)


def refusal(error: ApiError, key: SigningKey | None, *, traced: bool = True) -> Reply:
    """The reply that tells an ApiError."""
    problem = error.problem
    return Reply(problem.status, error.document(), key=key, code=problem.code,
                 sub_code=problem.sub_code, traced=traced)


def fault_reply(ctx: Context, faults: Taken, target: str) -> Reply | None:
    """The answer a fault puts in place of the real one."""
    for kind, problem in _REFUSING.items():
        if kind in faults:
            return refusal(ApiError(problem), ctx.default_key())
    if "bad_gateway" in faults:
        return Reply(502, content=BAD_GATEWAY_PAGE, content_type="text/html", traced=False)
    redirect = faults.get("redirect")
    if redirect is not None:
        location = redirect.text("location", f"{ctx.base_url}{target}")
        return Reply(302, headers={"Location": location}, traced=False)
    return None


_REFUSING: dict[str, Problem] = {
    "rate_limited": FREQUENCY_LIMITED, "system_error": SYSTEM_ERROR,
    "bill_late": STATEMENT_CREATING}


def finish(ctx: Context, reply: Reply, faults: Taken) -> Answer:
    """The answer's bytes: serialized, dated, signed, and spoilt by the faults."""
    body = reply.content
    if reply.document is not None:
        body = dump(changed(reply.document, faults))
    signature: dict[str, str] = {}
    if reply.key is not None:
        signature, body = sign_and_spoil(ctx, body, reply.key, faults)
    headers = {
        "Date": formatdate(wire_time_s(ctx, faults), usegmt=True),
        "Server": "nginx",
        **_content_headers(reply, body),
        **({"Request-Id": ctx.ids.request_id(reply.sub_code)} if reply.traced else {}),
        **signature,
        **reply.headers,
    }
    truncated = faults.get("truncated_body")
    if truncated is not None:
        body = body[:int(truncated.number("keep", len(body) // 2))]
    delay = faults.get("delayed")
    return Answer(reply.status, headers, body,
                  0.0 if delay is None else delay.number("delay_s", 1))


def _content_headers(reply: Reply, body: bytes) -> dict[str, str]:
    """Content-Length states the whole body even when a fault cuts it."""
    if reply.status == 204:
        return {}
    length = {"Content-Length": str(len(body))}
    return {"Content-Type": reply.content_type, **length} if body else length

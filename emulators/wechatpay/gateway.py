"""The front door of API v3: finds the endpoint, checks the signature, runs it, signs the answer.

What faults do is kept here, in ``answers`` and in ``bad_bills``: endpoints know nothing of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulators.wechatpay import bad_bills, refunds, routes
from emulators.wechatpay.answers import (
    Answer,
    ConnectionDropped,
    Reply,
    fault_reply,
    finish,
    refusal,
)
from emulators.wechatpay.authorization import SignedRequest, verify_request
from emulators.wechatpay.errors import (
    NO_USER_AGENT,
    SIGN_ERROR,
    SYSTEM_ERROR,
    WRONG_PLATFORM_SERIAL,
    ApiError,
)
from emulators.wechatpay.faults import Fault, Taken
from emulators.wechatpay.records import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulators.wechatpay.context import Context
    from emulators.wechatpay.signing import SigningKey

NO_FAULTS = Taken([])
PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Gateway:
    """``pay_first`` pays the order just created and delivers its notify (a fault)."""

    ctx: Context
    pay_first: Callable[[str, Fault], None]

    def handle(self, request: Request) -> Answer:
        """Answer one request. Raises ConnectionDropped when a fault has it so."""
        found = routes.find(request.method, request.target)
        if isinstance(found, int):
            return self._finish(request, None, Reply(found, traced=False), NO_FAULTS)
        endpoint, arguments = found
        faults = self.ctx.faults.take_for_answer(endpoint.name)
        self._drop_if(request, endpoint, faults, "request_lost")
        instead = fault_reply(self.ctx, faults, request.target)
        if instead is not None and not _applied(faults):
            return self._finish(request, endpoint, instead, faults)
        reply = bad_bills.spoil(
            self.ctx, request.target, self._run(request, endpoint, arguments), faults)
        self._after_commit(reply, faults)
        self._drop_if(request, endpoint, faults, "timeout_after_commit")
        return self._finish(request, endpoint, instead or reply, faults)

    def _run(self, request: Request, endpoint: routes.Endpoint,
             arguments: Mapping[str, str]) -> Reply:
        ctx = self.ctx
        key: SigningKey | None = None
        try:
            _authenticate(ctx, request)
            key = ctx.default_key()  # signs the refusal of a wrong Wechatpay-Serial
            key = _answer_key(ctx, request.headers)
            with ctx.store.database.transaction():
                refunds.settle_due(ctx)
            with ctx.store.database.transaction():
                call = routes.Call(arguments, routes.read_query(request.target), request.body)
                reply = endpoint.run(ctx, call)
        except ApiError as error:
            hidden = error.problem is SIGN_ERROR and request.target.startswith(
                "/v3/pay/transactions/")
            return refusal(error, key, traced=not hidden)
        return replace(reply, key=key if endpoint.signed else None)

    def _after_commit(self, reply: Reply, faults: Taken) -> None:
        fault = faults.get("notify_before_answer")
        if fault is not None and reply.document is not None and "code_url" in reply.document:
            self.pay_first(str(reply.document["code_url"]), fault)

    def _drop_if(self, request: Request, endpoint: routes.Endpoint, faults: Taken,
                 kind: str) -> None:
        fault = faults.get(kind)
        if fault is not None:
            self._record(request, endpoint, None, faults)
            raise ConnectionDropped(fault.number("hold_s", 0))

    def _finish(self, request: Request, endpoint: routes.Endpoint | None, reply: Reply,
                faults: Taken) -> Answer:
        answer = finish(self.ctx, reply, faults)
        self._record(request, endpoint, reply, faults)
        return answer

    def _record(self, request: Request, endpoint: routes.Endpoint | None, reply: Reply | None,
                faults: Taken) -> None:
        requests = self.ctx.store.requests
        with self.ctx.store.database.transaction():
            requests.put(RequestRecord(
                seq=requests.next_seq(), at_s=self.ctx.clock.now_s(),
                endpoint=None if endpoint is None else endpoint.name,
                method=request.method, target=request.target, headers=dict(request.headers),
                body=request.body, status=None if reply is None else reply.status,
                code=None if reply is None else reply.code,
                sub_code=0 if reply is None else reply.sub_code, faults=faults.kinds))


def _applied(faults: Taken) -> bool:
    """Whether a refusing fault still lets the request take effect."""
    return any((fault := faults.get(kind)) is not None and bool(fault.params.get("applied"))
               for kind in ("rate_limited", "system_error", "bad_gateway"))


def _authenticate(ctx: Context, request: Request) -> None:
    """Raise the ApiError an unauthenticated request deserves."""
    named = all(request.headers.get(name) for name in ("accept", "user-agent"))
    if not named and not request.target.startswith("/v3/pay/transactions/"):
        raise ApiError(NO_USER_AGENT)
    signed = SignedRequest(request.method, request.target,
                           request.headers.get("authorization", ""), request.body)
    verify_request(signed, ctx.account, now_s=ctx.clock.wire_s())


def _answer_key(ctx: Context, headers: Mapping[str, str]) -> SigningKey:
    """The key the merchant asked for in ``Wechatpay-Serial``. Raises ApiError for a wrong one:
    an unknown public key id is a bare 500, as reported from the wild."""
    serial = headers.get("wechatpay-serial", "")
    if not serial:
        return ctx.default_key()
    if serial.startswith(PUBLIC_KEY_PREFIX):
        if serial != ctx.account.public_key_id:
            raise ApiError(SYSTEM_ERROR)
        return ctx.account.public_key
    if ctx.settings.public_key_only or serial.upper() != ctx.account.platform_serial:
        raise ApiError(WRONG_PLATFORM_SERIAL)
    return ctx.account.platform

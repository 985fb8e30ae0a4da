"""notify: POST /v1/notify/wechatpay, called by the payment provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared import bootstrap
from shared.errors import InvalidNotify
from shared.http.app import App, Route
from shared.http.request import Answer, Request
from shared.use_cases.receive_notify import receive_notify

if TYPE_CHECKING:
    from shared.errors import TongbaoError
    from shared.ports import FactLog, NotifyVerifier, ProviderReply
    from shared.use_cases.record_payment import Books


def initialize(context: object) -> None:
    """Build everything before the first request (Function Compute's initializer)."""
    bootstrap.notify_app(routes)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answer one HTTP event."""
    app: App = bootstrap.notify_app(routes)
    return app(event, context)


def routes(verifier: NotifyVerifier, books: Books) -> list[Route]:
    """What this function answers to: one address per provider."""
    return [Route("POST", f"/v1/notify/{verifier.provider}",
                  lambda request: receive(request, verifier, books),
                  refuse=lambda error: refuse(error, verifier, books.log))]


def receive(request: Request, verifier: NotifyVerifier, books: Books) -> Answer:
    """Accept only what is durably booked."""
    receive_notify(request.headers, request.body, verifier=verifier, books=books)
    return _reply(verifier.accepted())


def refuse(error: TongbaoError, verifier: NotifyVerifier, log: FactLog) -> Answer:
    """Whatever went wrong, in the provider's own form: it sends the notify again."""
    genuine = isinstance(error, InvalidNotify) and error.genuine
    log.fact("notify.refused", code=error.code, reason=error.reason, status=error.status,
             alarm=genuine or None)
    return _reply(verifier.refused(error.status, error.code))


def _reply(reply: ProviderReply) -> Answer:
    return Answer(reply.status, raw=reply.body, headers={"Content-Type": reply.content_type})

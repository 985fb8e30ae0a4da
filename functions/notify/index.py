"""notify: POST /v1/notify/wechatpay, called by the payment provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared import bootstrap
from shared.errors import TongbaoError
from shared.http.app import App, Route
from shared.http.request import Answer, Request
from shared.use_cases.receive_notify import receive_notify

if TYPE_CHECKING:
    from shared.ports import NotifyVerifier, ProviderReply
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
                  lambda request: receive(request, verifier, books))]


def receive(request: Request, verifier: NotifyVerifier, books: Books) -> Answer:
    """Accept only what is durably booked; the provider sends everything else again."""
    try:
        receive_notify(request.headers, request.body, verifier=verifier, books=books)
    except TongbaoError as error:
        books.log.fact("notify.refused", code=error.code, reason=error.reason,
                       status=error.status)
        return _reply(verifier.refused(error.status, error.code))
    return _reply(verifier.accepted())


def _reply(reply: ProviderReply) -> Answer:
    return Answer(reply.status, raw=reply.body, headers={"Content-Type": reply.content_type})

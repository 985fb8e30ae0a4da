"""Every error that can leave a function, as one tree with stable codes.

    TongbaoError
    ├── InvalidRequest        400  the caller can mend it (and its narrower kin below)
    │   ├── PayloadTooLarge   413
    │   ├── UnsupportedMedia  415
    │   ├── NotFound          404  no such route, product, complaint …: the code says which
    │   │   ├── OrderNotFound      no such order *for this caller*: one face for all causes
    │   │   └── LicenseNotFound    no such license *for this caller*, likewise
    │   ├── MethodNotAllowed  405
    │   └── Conflict          409  what is stored forbids it: the code says why
    ├── RateLimited           429
    ├── Forbidden             403  the license exists and may not be handed out
    ├── DeviceUnproven        401  the request lacks the proof of a device's key
    ├── InvalidNotify         401/400  a notify that proves nothing
    ├── NotifyNotAccepted     500  a genuine one that could not be booked; it comes again
    │   ├── PaymentHeld            it fits no order (shared.use_cases.record_payment)
    │   └── RefundUnfit            likewise of a refund (shared.use_cases.record_refund)
    ├── UntrustedBill         502  a bill that is not what its hash says
    ├── ProviderRefused       502  the provider's "no", which no retry will change
    └── Unavailable           503  storage or provider; nothing is lost, try again
        ├── StoreUnavailable       the store did not do it
        ├── StoreUnknown           the store may have done it
        ├── ProviderUnavailable    WeChat did not answer, or not verifiably
        └── BillNotReady           the day's bill is not made yet

VersionConflict and AlreadyExists are no part of it: they lead from the store to a use case,
which decides again, and leave no function.

Adapters translate foreign errors into these; handlers never see an SDK's exception. A code
is for programs and never changes; the two messages are for people. Neither repeats what the
caller sent. `shared.messages` has the words of every code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.messages import MESSAGES

if TYPE_CHECKING:
    from collections.abc import Mapping


class TongbaoError(Exception):
    """An error with a stable `code`, an HTTP `status` and a message in two languages.

    `field` names the offending part of a request, `retry_after_s` when to come back; `details`
    is what the caller needs to go on, `headers` what the answer must carry.
    """

    code = "INTERNAL_ERROR"
    status = 500
    en = "Something went wrong on our side; nothing was lost."
    zh = "服务内部错误，您的数据没有丢失。"

    def __init__(self, *, code: str | None = None, field: str | None = None,
                 retry_after_s: int | None = None, reason: str | None = None,
                 details: Mapping[str, Any] | None = None,
                 headers: Mapping[str, str] | None = None) -> None:
        self.code = code or type(self).code
        self.en, self.zh, self.status = MESSAGES.get(
            self.code, (type(self).en, type(self).zh, type(self).status))
        self.field = field
        self.retry_after_s = retry_after_s
        self.reason = reason
        self.details = details
        self.headers = headers or {}
        super().__init__(self.code if reason is None else f"{self.code}: {reason}")

    def as_dict(self, request_id: str) -> dict[str, Any]:
        """The one JSON shape of an error (docs/reference.md)."""
        error: dict[str, Any] = {"code": self.code, "message": self.en,
                                 "message_zh": self.zh, "request_id": request_id}
        if self.field is not None:
            error["field"] = self.field
        if self.retry_after_s is not None:
            error["retry_after_s"] = self.retry_after_s
        if self.details is not None:
            error["details"] = self.details
        return {"error": error}


class InvalidRequest(TongbaoError):
    """The request is not one we take; the caller can mend it."""

    code = "INVALID_REQUEST"
    status = 400


class PayloadTooLarge(InvalidRequest):
    """The body is longer than any real request."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class UnsupportedMedia(InvalidRequest):
    """The body is not application/json in UTF-8."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class NotFound(InvalidRequest):
    """No such route or product."""

    code = "ROUTE_NOT_FOUND"
    status = 404


class OrderNotFound(NotFound):
    """A guessed id, a wrong secret and no secret all end here, and look the same."""

    code = "ORDER_NOT_FOUND"


class LicenseNotFound(NotFound):
    """An unknown order number, an unknown key and an unknown license look the same."""

    code = "LICENSE_NOT_FOUND"


class MethodNotAllowed(InvalidRequest):
    """The route exists, this method does not."""

    code = "METHOD_NOT_ALLOWED"
    status = 405


class Conflict(InvalidRequest):
    """The request contradicts what is stored."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 409


class RateLimited(TongbaoError):
    """Too many requests from one source."""

    code = "RATE_LIMITED"
    status = 429


class Forbidden(TongbaoError):
    """The license exists and may not be handed out."""

    code = "LICENSE_SUSPENDED"
    status = 403


class DeviceUnproven(TongbaoError):
    """The request is not proven to come from the key of a device; `reason` is for our log."""

    code = "DEVICE_PROOF_INVALID"
    status = 401


class InvalidNotify(TongbaoError):
    """A notify that proves nothing; `reason` says which check failed, for our log only.

    `genuine`: the provider signed it, and we cannot use it. No attacker makes that happen, but
    a wrong key of ours does, and then no payment is booked: somebody must look.
    """

    code = "NOTIFY_INVALID"
    status = 401
    genuine = False


class NotifyNotAccepted(TongbaoError):
    """A verified notify that could not be booked; the provider must send it again."""

    code = "NOTIFY_NOT_ACCEPTED"
    status = 500


class Unavailable(TongbaoError):
    """Storage or provider did not do their part; the same request may be sent again."""

    code = "TEMPORARILY_UNAVAILABLE"
    status = 503


class StoreUnavailable(Unavailable):
    """The store refused or never saw the request: nothing was written."""


class StoreUnknown(Unavailable):
    """The store may or may not have written, and reading back did not tell in time."""


class ProviderUnavailable(Unavailable):
    """The provider did not answer, or with nothing that can be verified: outcome unknown."""

    code = "PROVIDER_UNAVAILABLE"


class BillNotReady(Unavailable):
    """The provider has not made this day's bill yet."""


class UntrustedBill(TongbaoError):
    """A bill came that is not whole, or not what its hash says; `reason` says what is wrong."""

    code = "BILL_UNTRUSTED"
    status = 502


class ProviderRefused(TongbaoError):
    """The provider's verified "no", which no retry will change; `reason` is its code."""

    code = "PROVIDER_REFUSED"
    status = 502


class VersionConflict(Exception):
    """Somebody else saved the aggregate first; load it again and decide again."""


class AlreadyExists(Exception):
    """The aggregate to create is there already."""

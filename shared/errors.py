"""Every error that can leave a function, as one tree with stable codes.

    TongbaoError
    ├── InvalidRequest        400  the caller can mend it (and its narrower kin below)
    │   ├── PayloadTooLarge   413
    │   ├── UnsupportedMedia  415
    │   ├── NotFound          404  no such route, or no such product
    │   │   └── OrderNotFound 404  no such order *for this caller*: one face for all causes
    │   ├── MethodNotAllowed  405
    │   └── Conflict          409  the same key with another body, or not yet paid
    ├── RateLimited           429
    ├── Forbidden             403  the license exists and may not be handed out
    ├── InvalidNotify         401/400  a notify that proves nothing
    └── Unavailable           503  storage or provider; nothing is lost, try again
        ├── StoreUnavailable       the store did not do it
        ├── StoreUnknown           the store may have done it
        └── ProviderUnavailable    WeChat did not answer, or not verifiably

Adapters translate foreign errors into these; handlers never see an SDK's exception. A code
is for programs and never changes; the two messages are for people. Neither repeats what the
caller sent.
"""

from __future__ import annotations

from typing import Any


class TongbaoError(Exception):
    """An error with a stable `code`, an HTTP `status` and a message in two languages.

    `field` names the offending part of a request, `retry_after_s` when to come back.
    """

    code = "INTERNAL_ERROR"
    status = 500
    en = "Something went wrong on our side; nothing was lost."
    zh = "服务内部错误，您的数据没有丢失。"

    def __init__(self, *, code: str | None = None, field: str | None = None,
                 retry_after_s: int | None = None, reason: str | None = None) -> None:
        self.code = code or type(self).code
        self.en, self.zh, self.status = MESSAGES.get(
            self.code, (type(self).en, type(self).zh, type(self).status))
        self.field = field
        self.retry_after_s = retry_after_s
        self.reason = reason
        super().__init__(self.code if reason is None else f"{self.code}: {reason}")

    def as_dict(self, request_id: str) -> dict[str, Any]:
        """The one JSON shape of an error (docs/reference.md)."""
        error: dict[str, Any] = {"code": self.code, "message": self.en,
                                 "message_zh": self.zh, "request_id": request_id}
        if self.field is not None:
            error["field"] = self.field
        if self.retry_after_s is not None:
            error["retry_after_s"] = self.retry_after_s
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


MESSAGES: dict[str, tuple[str, str, int]] = {
    "INVALID_REQUEST": ("The request is not valid.", "请求无效。", 400),
    "INVALID_JSON": ("The body is not valid JSON.", "请求体不是有效的 JSON。", 400),
    "INVALID_FIELD": ("A field is missing, unknown or not valid.",
                      "有字段缺失、未知或无效。", 400),
    "INVALID_HEADER": ("A header is missing, doubled or not valid.",
                       "有请求头缺失、重复或无效。", 400),
    "IDEMPOTENCY_KEY_REQUIRED": (
        "Send an Idempotency-Key with at least 128 random bits.",
        "请提供至少 128 位随机数的 Idempotency-Key。", 400),
    "PAYLOAD_TOO_LARGE": ("The body is too large.", "请求体过大。", 413),
    "UNSUPPORTED_MEDIA_TYPE": ("Send application/json in UTF-8.",
                               "请使用 UTF-8 编码的 application/json。", 415),
    "ROUTE_NOT_FOUND": ("There is nothing at this address.", "此地址不存在。", 404),
    "PRODUCT_NOT_FOUND": ("This product is not for sale.", "该商品不在售。", 404),
    "ORDER_NOT_FOUND": ("There is no such order for you.", "没有找到您的这个订单。", 404),
    "METHOD_NOT_ALLOWED": ("This address does not take this method.",
                           "此地址不支持该请求方法。", 405),
    "IDEMPOTENCY_KEY_REUSED": (
        "This Idempotency-Key was used for another order.",
        "该 Idempotency-Key 已用于另一个订单。", 409),
    "ORDER_NOT_PAID": ("The order is not paid yet.", "订单尚未支付。", 409),
    "LICENSE_SUSPENDED": (
        "The payment is being refunded or looked into; the license is suspended.",
        "该订单正在退款或核查中，许可证已暂停。", 403),
    "LICENSE_EXPIRED": ("The license has expired.", "许可证已过期。", 403),
    "RATE_LIMITED": ("Too many requests; please wait a moment.", "请求过于频繁，请稍候。", 429),
    "NOTIFY_INVALID": ("The notify could not be verified.", "通知验证失败。", 401),
    "NOTIFY_NOT_ACCEPTED": ("The notify was not booked.", "通知未能入账。", 500),
    "PAYMENT_HELD": (
        "A payment came that does not fit the order; the seller has been told.",
        "收到的付款与订单不符，商家已收到提醒。", 500),
    "TEMPORARILY_UNAVAILABLE": (
        "The service is busy; send the same request again shortly.",
        "服务繁忙，请稍后用相同的请求重试。", 503),
    "PROVIDER_UNAVAILABLE": (
        "WeChat Pay does not answer right now; send the same request again shortly.",
        "微信支付暂时没有响应，请稍后用相同的请求重试。", 503),
    "PROVIDER_REFUSED": ("WeChat Pay refused the order; the seller has been told.",
                         "微信支付拒绝了该订单，商家已收到提醒。", 502),
    "REFUND_NOT_OFFERED": ("This product is sold without refunds on request; ask the seller.",
                           "该商品不支持自助退款，请联系商家。", 409),
    "REFUND_EXCEEDS_PAYMENT": ("No more than was paid can be refunded, in all.",
                               "退款总额不能超过实付金额。", 409),
    "REFUND_WINDOW_OVER": ("The time for a refund on request is over; ask the seller.",
                           "已超过自助退款期限，请联系商家。", 409),
    "REFUND_AFTER_ACTIVATION": (
        "The license has been used; ask the seller for a refund.",
        "许可证已激活使用，请联系商家退款。", 409),
    "REFUND_LIMIT_REACHED": ("You have had all the refunds on request there are; ask the seller.",
                             "自助退款次数已达上限，请联系商家。", 409),
    "REFUND_NOT_DECIDABLE": ("This refund does not wait for a decision.",
                             "该退款不处于待审批状态。", 409),
    "NEEDS_ANOTHER_PERSON": ("Who asked for a refund cannot approve it.",
                             "退款申请人不能审批自己的申请。", 409),
    "REFUND_UNFIT": ("A refund was reported that fits no order here.",
                     "收到的退款信息与订单不符。", 500),
    "HELD_PAYMENT_NOT_FOUND": ("There is no such held payment.", "没有这笔待处理付款。", 404),
    "HELD_PAYMENT_SETTLED": ("This held payment was settled before.",
                             "这笔待处理付款已处理完毕。", 409),
    "HELD_PAYMENT_UNREADABLE": ("Its amount is not known, so it cannot be refunded from here.",
                                "这笔付款金额未知，无法在此退款。", 409),
    "COMPLAINT_NOT_FOUND": ("There is no such complaint.", "没有这个投诉单。", 404),
    "BILL_NOT_DUE": ("There is no bill for this day yet.", "该日账单尚未生成。", 409),
    "ORDER_NOT_OPEN": ("The order can no longer be cancelled.", "该订单已无法取消。", 409),
    "LICENSE_REVOKED": ("The payment was refunded; the license has ended.",
                        "该订单已退款，许可证已失效。", 403),
    "BILL_UNTRUSTED": ("WeChat Pay's bill could not be verified.", "微信支付账单校验失败。", 502),
    "INTERNAL_ERROR": ("Something went wrong on our side; nothing was lost.",
                       "服务内部错误，您的数据没有丢失。", 500),
}
"""Message in English, message in Chinese and HTTP status of every code."""

"""What buyers, the merchant portal and WeChat's staff do: the hands a test has on WeChat's side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulators.wechatpay import complaints, funds, payments, refunds

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context
    from emulators.wechatpay.records import Complaint, Order, Refund

OnComplaint = Callable[["Context", "Complaint", str], None]


class Actions:
    """``on_change`` is called whenever something may have fallen due."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.on_change: Callable[[], None] = lambda: None

    def scan(self, code_url: str, payer_openid: str | None = None) -> Order:
        """Open an order in somebody's wallet. Raises PaymentRefused."""
        with self.ctx.store.database.transaction():
            order = payments.find_by_code(self.ctx, code_url)
            payments.scan(self.ctx, order, payer_openid or self.ctx.ids.openid())
            return order

    def pay(self, code_url: str | None = None, *, out_trade_no: str | None = None,
            payer_openid: str | None = None, coupon_fen: int = 0) -> str:
        """Pay by code or by number; the transaction_id. The notify falls due at once.

        Raises PaymentRefused, LookupError for an unknown number, ValueError for a coupon that
        is not below the total.
        """
        with self.ctx.store.database.transaction():
            if (code_url is None) == (out_trade_no is None):
                raise ValueError("give code_url or out_trade_no")
            order = (payments.find_by_code(self.ctx, code_url) if code_url is not None
                     else self._order(out_trade_no))
            transaction_id = payments.pay(
                self.ctx, order, payer_openid=payer_openid, coupon_fen=coupon_fen)
        self.on_change()
        return transaction_id

    def console_refund(self, out_trade_no: str, refund_fen: int | None = None) -> Refund:
        """Refund from the merchant portal (all that is left by default). Its outcome is notified
        only to ``Settings.console_refund_notify_url``.

        Raises LookupError, or ApiError when the refund is not possible.
        """
        with self.ctx.store.database.transaction():
            order = self._order(out_trade_no)
            left_fen = order.total_fen - funds.refunded_fen(self.ctx, order, settled=False)
            request: dict[str, object] = {
                "out_refund_no": f"{self.ctx.account.mchid}portal{self.ctx.ids.text(16)}"}
            if self.ctx.settings.console_refund_notify_url:
                request["notify_url"] = self.ctx.settings.console_refund_notify_url
            refund = refunds.accept(self.ctx, order, request,
                                    refund_fen=left_fen if refund_fen is None else refund_fen)
        self.on_change()
        return refund

    def settle_refund(self, out_refund_no: str, status: str = "SUCCESS") -> Refund:
        """Give a refund its outcome now: SUCCESS, ABNORMAL or CLOSED.

        Raises LookupError for an unknown refund, ValueError for one that has its outcome.
        """
        with self.ctx.store.database.transaction():
            refund = self.ctx.store.refunds.get(out_refund_no)
            if refund is None:
                raise LookupError(f"no refund {out_refund_no}")
            refunds.settle(self.ctx, refund, status)
        self.on_change()
        return refund

    def complain(self, *, out_trade_no: str, detail: str = "许可无法使用，请退款",
                 problem_type: str = "REFUND", apply_refund_fen: int | None = None,
                 payer_phone: str = "13800138000") -> Complaint:
        """The buyer of a paid order complains. ``problem_type`` is REFUND, SERVICE_NOT_WORK or
        OTHERS; a REFUND asks for ``apply_refund_fen``, by default for all that is left.

        Raises LookupError for an unknown order, ValueError for one that is not paid or has a
        complaint already, and for a text that is not 1 to 300 characters long.
        """
        filing = complaints.Filing(detail, problem_type, apply_refund_fen, payer_phone)
        with self.ctx.store.database.transaction():
            complaint = complaints.file(self.ctx, self._order(out_trade_no), filing)
        self.on_change()
        return complaint

    def buyer_replies(self, complaint_id: str, text: str = "请尽快处理") -> Complaint:
        """The buyer adds to an open complaint. Raises LookupError or ValueError."""
        return self._complaint_moves(complaints.buyer_replies, complaint_id, text)

    def reopen_complaint(self, complaint_id: str, detail: str = "问题没有解决") -> Complaint:
        """The buyer goes on with a processed complaint. Raises LookupError or ValueError."""
        return self._complaint_moves(complaints.reopen, complaint_id, detail)

    def platform_replies(self, complaint_id: str, text: str = "请商户回复用户") -> Complaint:
        """WeChat's staff adds a message. Raises LookupError or ValueError."""
        return self._complaint_moves(complaints.platform_replies, complaint_id, text)

    def _complaint_moves(self, move: OnComplaint, complaint_id: str, text: str) -> Complaint:
        with self.ctx.store.database.transaction():
            complaint = self.ctx.store.complaints.get(complaint_id)
            if complaint is None:
                raise LookupError(f"no complaint {complaint_id}")
            move(self.ctx, complaint, text)
        self.on_change()
        return complaint

    def _order(self, out_trade_no: str | None) -> Order:
        order = self.ctx.store.orders.get(out_trade_no)
        if order is None:
            raise LookupError(f"no order {out_trade_no}")
        return order

"""The buyer's WeChat: which codes are shown, and paying the newest with one key press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.wechatpay.payments import PaymentRefused

if TYPE_CHECKING:
    from emulators.wechatpay import WeChatPayEmulator
    from emulators.wechatpay.records import Order

UNPAID = "NOTPAY"


class Wallet:
    """Knows the codes made since it was opened."""

    def __init__(self, wechatpay: WeChatPayEmulator) -> None:
        self._wechatpay = wechatpay
        self._older = {order.code_url for order in wechatpay.orders.values()}
        self._told: set[str] = set()

    def fresh(self) -> list[Order]:
        """The unpaid orders whose code was not told yet; each code is told once."""
        found = [order for order in self._unpaid() if order.code_url not in self._told]
        self._told.update(order.code_url for order in found)
        return found

    def pay_newest(self) -> str:
        """Scan and pay the newest code; what came of it, in words."""
        newest = max(self._unpaid(), key=lambda order: order.code_url_made_at_s, default=None)
        if newest is None:
            return "no code is shown: click in the browser first"
        try:
            self._wechatpay.pay(newest.code_url)
        except PaymentRefused as refused:
            return f"WeChat does not pay: {refused.reason.replace('_', ' ')}"
        return f"WeChat paid order {newest.out_trade_no}"

    def _unpaid(self) -> list[Order]:
        return [order for order in self._wechatpay.orders.values()
                if order.trade_state == UNPAID and order.code_url not in self._older]

"""The notify route as the readme of `wechatpayv3` shows it, in Flask, over orders in a dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, jsonify, request

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from wechatpayv3 import WeChatPay

SUCCESS, FAILED = {"code": "SUCCESS", "message": "成功"}, {"code": "FAILED", "message": "失败"}


def shop(wechatpay: WeChatPay, amounts_fen: dict[str, int], path: str) -> Flask:
    """An app that marks an order as paid when the notify is genuine and its amount is right."""
    app = Flask("shop")
    paid: dict[str, str] = {}

    @app.route(path, methods=["POST"])
    def notify() -> ResponseReturnValue:
        result = wechatpay.callback(request.headers, request.data)
        if not result or result.get("event_type") != "TRANSACTION.SUCCESS":
            return jsonify(FAILED), 500
        resource = result["resource"]
        number = resource["out_trade_no"]
        if amounts_fen.get(number) != resource["amount"]["total"]:
            return jsonify(FAILED), 500
        paid[number] = resource["transaction_id"]
        return jsonify(SUCCESS)

    return app

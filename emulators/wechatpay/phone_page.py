"""The payer's phone as a web page: paste a code_url, see the order, pay it.

Plain forms without scripts; every post answers with a redirect, so that a reload is harmless.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from emulators.wechatpay.answers import Answer
from emulators.wechatpay.bill_files import yuan
from emulators.wechatpay.payments import PaymentRefused, check_payable, find_by_code
from emulators.wechatpay.phone_texts import TEXTS

if TYPE_CHECKING:
    from emulators.wechatpay.emulator import WeChatPayEmulator
    from emulators.wechatpay.gateway import Request
    from emulators.wechatpay.records import Order

FOLDER = Path(__file__).parent
PHONE_OPENID = "oEmulatedPhonePage0000000001"
OTHER_OPENID = "oSomebodyElsesPhone000000002"
PAGE_PATH = "/_emulator/phone"


class PhonePage:
    """Serves the page and its style sheet."""

    def __init__(self, emulator: WeChatPayEmulator) -> None:
        self._emulator = emulator

    def handle(self, request: Request) -> Answer:
        """Answer one request of the page."""
        path, _, query = request.target.partition("?")
        if path.endswith("phone.css"):
            return _answer(200, (FOLDER / "phone.css").read_bytes(), "text/css")
        if request.method == "POST":
            return self._act(path, dict(parse_qsl(request.body.decode("utf-8", "replace"))))
        given = dict(parse_qsl(query))
        language = _language(given.get("lang", ""), request.headers.get("accept-language", ""))
        page = self._page(given.get("code_url", "").strip(), given.get("problem", ""), language)
        return _answer(200, page.encode(), "text/html; charset=utf-8")

    def _act(self, path: str, form: dict[str, str]) -> Answer:
        """Pay, or let somebody else scan first; then show the order again."""
        code_url = form.get("code_url", "")
        problem = ""
        try:
            if path.endswith("/other-scan"):
                self._emulator.scan(code_url, OTHER_OPENID)
            else:
                self._emulator.pay(code_url, payer_openid=PHONE_OPENID,
                                   coupon_fen=_coupon_fen(form.get("coupon", "")))
        except PaymentRefused:
            problem = ""  # the order itself shows why
        except ValueError:
            problem = "bad_coupon"
        shown = {"code_url": code_url, "lang": form.get("lang", "")}
        where = f"{PAGE_PATH}?{urlencode({**shown, **({'problem': problem} if problem else {})})}"
        return Answer(303, {"Location": where, "Content-Length": "0"}, b"")

    def _page(self, code_url: str, problem: str, language: str) -> str:
        texts = TEXTS[language]
        if not code_url:
            main = _fill("phone_ask.html", texts, problem="", language=language)
        else:
            main = self._order_part(code_url, problem, language)
        other = "en" if language == "zh" else "zh"
        return _fill("phone.html", texts, main=main, language=language,
                     other_link=escape(f"?{urlencode({'lang': other, 'code_url': code_url})}"))

    def _order_part(self, code_url: str, problem: str, language: str) -> str:
        texts = TEXTS[language]
        try:
            order = find_by_code(self._emulator.ctx, code_url)
        except PaymentRefused as refused:
            return _fill("phone_ask.html", texts, language=language,
                         problem=_warning(texts[refused.reason]))
        values = self._order_values(order, code_url, language)
        if order.trade_state == "SUCCESS":
            return _fill("phone_done.html", texts, **values,
                         coupon_row=_coupon_row(texts, order))
        try:
            check_payable(self._emulator.ctx, order, PHONE_OPENID)
        except PaymentRefused as refused:
            return _fill("phone_refused.html", texts, **values, reason=texts[refused.reason])
        return _fill("phone_pay.html", texts, **values,
                     problem=_warning(texts[problem]) if problem in texts else "")

    def _order_values(self, order: Order, code_url: str, language: str) -> dict[str, str]:
        merchant = self._emulator.ctx.settings.merchant_name
        values = {
            "code_url": code_url, "language": language, "merchant": merchant,
            "initial": merchant[:1].upper(), "description": order.text("description"),
            "amount": yuan(order.total_fen), "paid_amount": yuan(order.payer_total_fen),
            "out_trade_no": order.out_trade_no,
            "transaction_id": order.transaction_id or "",
        }
        return {name: escape(value) for name, value in values.items()}


def _fill(file: str, texts: dict[str, str], **values: str) -> str:
    """A template with its texts; ``values`` are HTML already."""
    words = {f"t_{name}": escape(text) for name, text in texts.items()}
    return Template((FOLDER / file).read_text("utf-8")).substitute(words, **values)


def _coupon_row(texts: dict[str, str], order: Order) -> str:
    if not order.coupon_fen:
        return ""
    return (f"<div><dt>{escape(texts['coupon'])}</dt>"
            f"<dd>−{yuan(order.coupon_fen)}</dd></div>\n")


def _warning(text: str) -> str:
    return f'<p class="warning" role="alert">{escape(text)}</p>'


def _language(asked: str, accepted: str) -> str:
    if asked in TEXTS:
        return asked
    return "en" if accepted.lower().startswith("en") else "zh"


def _coupon_fen(text: str) -> int:
    """``1.50`` yuan as 150. Raises ValueError."""
    try:
        amount = Decimal(text.strip() or "0") * 100
    except InvalidOperation as error:
        raise ValueError("not an amount") from error
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError("not whole fen")
    return int(amount)


def _answer(status: int, body: bytes, content_type: str) -> Answer:
    return Answer(status, {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'",
    }, body)

"""The emulator's own HTTP interface under ``/_emulator/``: a JSON API and the phone page.

Nothing of it exists at WeChat, none of it is signed, and no call of it is journaled.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from emulators.wechatpay.answers import JSON_TYPE, Answer
from emulators.wechatpay.errors import ApiError
from emulators.wechatpay.faults import Fault
from emulators.wechatpay.payments import PaymentRefused
from emulators.wechatpay.phone_page import PhonePage

if TYPE_CHECKING:
    from emulators.wechatpay.emulator import WeChatPayEmulator
    from emulators.wechatpay.gateway import Request
    from emulators.wechatpay.records import JsonObject

PREFIX = "/_emulator"
Handler = Callable[["Input"], Any]


class BadInput(Exception):
    """A control call that cannot be understood."""


class Input:
    """The path rest, query and JSON body of one control call."""

    def __init__(self, rest: str, request: Request) -> None:
        self.rest = unquote(rest)
        self.query = dict(parse_qsl(request.target.partition("?")[2]))
        try:
            value = json.loads(request.body) if request.body else {}
        except ValueError as error:
            raise BadInput("the body is not JSON") from error
        if not isinstance(value, dict):
            raise BadInput("the body is not a JSON object")
        self.body: JsonObject = value

    def text(self, name: str) -> str | None:
        """An optional text of the body."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise BadInput(f"{name} is a string")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """An integer of the body."""
        value = self.body.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadInput(f"{name} is an integer")
        return value


    def number(self, name: str) -> float:
        """A number of the body."""
        value = self.body.get(name)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise BadInput(f"{name} is a number")
        return value


class Control:
    """Turns control calls into calls of the emulator's Python interface."""

    def __init__(self, emulator: WeChatPayEmulator) -> None:
        self._emulator = emulator
        self._phone = PhonePage(emulator)
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", "health"): lambda _: {"status": "ok"},
            ("GET", "clock"): self._clock,
            ("GET", "orders"): self._orders,
            ("GET", "refunds"): lambda _: [asdict(each) for each in emulator.refunds.values()],
            ("GET", "notifies"): lambda _: [_plain(each) for each in emulator.notify_attempts],
            ("GET", "requests"): lambda _: [_plain(each) for each in emulator.requests],
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._inject,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "pay"): self._pay,
            ("POST", "scan"): self._scan,
            ("POST", "refund"): self._refund,
            ("POST", "settle-refund"): self._settle_refund,
            ("GET", "complaints"): self._complaints,
            ("POST", "complain"): self._complain,
            ("POST", "complaint-reply"): self._complaint_reply,
            ("POST", "reopen-complaint"): self._reopen_complaint,
            ("POST", "platform-reply"): self._platform_reply,
            ("POST", "deliver"): lambda _: [
                _plain(each) for each in emulator.deliver_due_notifies()],
            ("POST", "replay"): self._replay,
            ("POST", "advance"): self._advance,
            ("POST", "time-scale"): self._time_scale,
            ("POST", "balance"): self._balance,
            ("POST", "reset"): lambda _: emulator.reset(),
        }

    def owns(self, target: str) -> bool:
        """Whether this is a call for the emulator, not for WeChat."""
        path = target.partition("?")[0]
        return path == "/" or path == PREFIX or path.startswith(PREFIX + "/")

    def handle(self, request: Request) -> Answer:
        """Answer a control call: 200 with JSON, or 4xx with ``{"error": …}``."""
        path = request.target.partition("?")[0].removeprefix(PREFIX).strip("/")
        name, _, rest = path.partition("/")
        if name in ("", "phone", "phone.css"):
            return self._phone.handle(request)
        handler = self._routes.get((request.method, name))
        if handler is None:
            return _json(404, {"error": "not_found", "message": f"{request.method} {path}"})
        try:
            return _json(200, handler(Input(rest, request)))
        except PaymentRefused as error:
            return _json(409, {"error": error.reason})
        except ApiError as error:
            return _json(409, {"error": error.problem.code, "message": error.message})
        except LookupError as error:
            return _json(404, {"error": "not_found", "message": str(error)})
        except (BadInput, ValueError, TypeError) as error:
            return _json(400, {"error": "bad_input", "message": str(error)})

    def _clock(self, _: Input) -> JsonObject:
        clock = self._emulator.ctx.clock
        return {"now_s": clock.now_s(), "advanced_s": clock.advanced_s,
                "time_scale": clock.scale}

    def _orders(self, given: Input) -> Any:
        orders = self._emulator.orders
        if not given.rest:
            return [asdict(order) for order in orders.values()]
        return asdict(orders[given.rest])

    def _faults(self, _: Input) -> Any:
        return [fault.document() for fault in self._emulator.ctx.faults.waiting()]

    def _inject(self, given: Input) -> Any:
        fault = Fault(**given.body)  # type: ignore[arg-type]
        self._emulator.inject(fault)
        return fault.document()

    def _clear_faults(self, given: Input) -> None:
        self._emulator.clear_faults(given.query.get("kind"), given.query.get("endpoint"))

    def _pay(self, given: Input) -> JsonObject:
        return {"transaction_id": self._emulator.pay(
            given.text("code_url"), out_trade_no=given.text("out_trade_no"),
            payer_openid=given.text("payer_openid"), coupon_fen=given.whole("coupon_fen", 0))}

    def _scan(self, given: Input) -> Any:
        return asdict(self._emulator.scan(
            given.text("code_url") or "", given.text("payer_openid")))

    def _refund(self, given: Input) -> Any:
        refund_fen = given.whole("refund_fen") if "refund_fen" in given.body else None
        return asdict(self._emulator.console_refund(
            given.text("out_trade_no") or "", refund_fen))

    def _settle_refund(self, given: Input) -> Any:
        return asdict(self._emulator.settle_refund(
            given.text("out_refund_no") or "", given.text("status") or "SUCCESS"))

    def _complaints(self, given: Input) -> Any:
        complaints = self._emulator.complaints
        if not given.rest:
            return [asdict(each) for each in complaints.values()]
        return {**asdict(complaints[given.rest]), "history": [
            asdict(each) for each in self._emulator.complaint_entries(given.rest)]}

    def _complain(self, given: Input) -> Any:
        wanted: dict[str, Any] = {
            name: text for name in ("detail", "problem_type", "payer_phone")
            if (text := given.text(name)) is not None}
        if "apply_refund_fen" in given.body:
            wanted["apply_refund_fen"] = given.whole("apply_refund_fen")
        return asdict(self._emulator.complain(
            out_trade_no=given.text("out_trade_no") or "", **wanted))

    def _complaint_reply(self, given: Input) -> Any:
        return asdict(self._emulator.buyer_replies(*_complaint_texts(given, "text")))

    def _reopen_complaint(self, given: Input) -> Any:
        return asdict(self._emulator.reopen_complaint(*_complaint_texts(given, "detail")))

    def _platform_reply(self, given: Input) -> Any:
        return asdict(self._emulator.platform_replies(*_complaint_texts(given, "text")))

    def _replay(self, given: Input) -> Any:
        attempt = self._emulator.replay_notify(
            given.text("out_trade_no") or "", event_type=given.text("event_type") or "")
        return None if attempt is None else _plain(attempt)

    def _advance(self, given: Input) -> JsonObject:
        self._emulator.advance(given.whole("seconds"))
        return self._clock(given)

    def _time_scale(self, given: Input) -> JsonObject:
        self._emulator.set_time_scale(given.number("factor"))
        return self._clock(given)

    def _balance(self, given: Input) -> None:
        self._emulator.set_balance(given.whole("amount_fen"))


def _complaint_texts(given: Input, name: str) -> list[str]:
    """The number of a complaint and, when it was given, what is said."""
    text = given.text(name)
    return [given.text("complaint_id") or "", *([] if text is None else [text])]


def _plain(record: Any) -> JsonObject:
    """A journal record as JSON; a body that is not UTF-8 becomes base64."""
    document = asdict(record)
    try:
        document["body"] = record.body.decode("utf-8")
    except UnicodeDecodeError:
        document["body_base64"] = base64.b64encode(document.pop("body")).decode()
    return document


def _json(status: int, value: object) -> Answer:
    body = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
    return Answer(status, {"Content-Type": JSON_TYPE, "Content-Length": str(len(body))}, body)

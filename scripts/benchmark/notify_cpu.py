"""CPU time per verified notify, without storage and network: beside its cryptography alone,
and beside Flask with `wechatpayv3`.

Every variant takes the same genuine notify. Ours books it as news each time (grant, event,
hash chain, log line): the store here forgets what it is told. A duplicate, for which nothing is
booked, is measured too: it is what our HTTP layer and checks cost without the books.
"""

from __future__ import annotations

import base64
import json
import os
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from functions.notify import index
from scripts.benchmark.figures import Aim, Row, paired_ratio, shown
from scripts.benchmark.flask_shop import shop
from scripts.benchmark.merchant import APPID, MCHID, NOTIFY_PATH, PUBLIC_KEY_ID, fc_event
from scripts.benchmark.plain_stack import wechatpay_client
from scripts.benchmark.rounds import interleave
from scripts.benchmark.warm import batch_size, cpu_us
from shared.adapters.system import SystemClock
from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
from shared.domain import identifiers
from shared.domain.money import Money
from shared.domain.order import (
    PaymentInstruction,
    Snapshot,
    Terms,
    instruct,
    place,
    record_payment,
)
from shared.domain.payment import Payee
from shared.http.app import App
from shared.log import JsonLog
from shared.use_cases.record_payment import Books

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmark.merchant import Merchant, SignedNotify
    from scripts.benchmark.run import Run
    from shared.domain.order import Order
    from shared.ports import HeldPayments, OrderRepository, WorkList

SECTION = "CPU per verified notify"
AMOUNT_FEN = 9900
CORE_MOST = 1.8
HANDLER_MOST = 0.4
BOUND, CORE, HANDLER, DUPLICATE = "bound", "core", "handler", "duplicate"
CALLBACK, FLASK = "callback", "flask"
MORE_ROUNDS = 2


def plan(run: Run) -> int:
    """How many steps `measure` takes."""
    return 6 * run.rounds * MORE_ROUNDS


def measure(run: Run) -> list[Row]:
    """All variants, interleaved."""
    with open(os.devnull, "w") as sink:
        variants = operations(run.merchant, JsonLog(sink, SystemClock(), "notify"))
        sizes = {name: batch_size(operation) for name, operation in variants.items()}
        found = interleave(
            {name: _batch(operation, sizes[name]) for name, operation in variants.items()},
            run.rounds * MORE_ROUNDS, run.random, run.step)
    run.keep("notify_cpu_us", found)
    return [_row("verifier: bytes to fact", CORE, "its cryptography alone", BOUND,
                 found, Aim(f"≤ {CORE_MOST}", limit=CORE_MOST)),
            _row("verifier: bytes to fact", CORE, "wechatpayv3.callback", CALLBACK,
                 found),
            _row("handler: event to answer", HANDLER, "Flask + wechatpayv3", FLASK,
                 found, Aim(f"≤ {HANDLER_MOST} (2.5 × faster)", limit=HANDLER_MOST)),
            _row("handler: event to answer", HANDLER, "its cryptography alone", BOUND,
                 found),
            _row("handler: a duplicate", DUPLICATE, "Flask + wechatpayv3", FLASK, found)]


def _batch(operation: Callable[[], object], times: int) -> Callable[[], float]:
    return lambda: cpu_us(operation, times)


def _row(what: str, ours: str, beside: str, theirs: str, found: dict[str, list[float]],
         aim: Aim | None = None) -> Row:
    return Row(SECTION, what, shown(found[ours], "µs"), beside, shown(found[theirs], "µs"),
               paired_ratio(found[ours], found[theirs]), aim)


def operations(merchant: Merchant, log: JsonLog) -> dict[str, Callable[[], Any]]:
    """The variants by name, each taking the same notify once."""
    now_s = int(time.time())
    order = _awaiting_payment(now_s)
    notify = merchant.notify(order.out_trade_no, AMOUNT_FEN, now_s)
    return {BOUND: _bound(merchant, notify), CORE: _core(merchant, notify),
            HANDLER: _handler(merchant, notify, order, log),
            DUPLICATE: _handler(merchant, notify, _paid(order, merchant, notify), log),
            **_plain(merchant, notify, order)}


def _bound(merchant: Merchant, notify: SignedNotify) -> Callable[[], object]:
    """One RSA-2048 verification and one AES-256-GCM decryption, everything else prepared."""
    key, cipher = merchant.wechatpay_key.public_key(), AESGCM(merchant.api_v3_key.encode())
    resource = json.loads(notify.body)["resource"]
    nonce, sealed = resource["nonce"].encode(), base64.b64decode(resource["ciphertext"])
    signature = base64.b64decode(notify.headers["Wechatpay-Signature"])
    message = (f"{notify.headers['Wechatpay-Timestamp']}\n"
               f"{notify.headers['Wechatpay-Nonce']}\n").encode() + notify.body + b"\n"
    padding, algorithm = PKCS1v15(), SHA256()

    def bound() -> None:
        key.verify(signature, message, padding, algorithm)
        cipher.decrypt(nonce, sealed, b"transaction")

    return bound


def _verifier(merchant: Merchant) -> WeChatNotifyVerifier:
    return WeChatNotifyVerifier({PUBLIC_KEY_ID: merchant.wechatpay_public_key_pem},
                                merchant.api_v3_key.encode())


def _core(merchant: Merchant, notify: SignedNotify) -> Callable[[], object]:
    verifier = _verifier(merchant)
    headers = {name.lower(): value for name, value in notify.headers.items()}
    clock = SystemClock()
    return lambda: verifier.verify(headers, notify.body, clock.now_s())


def _handler(merchant: Merchant, notify: SignedNotify, order: Order,
             log: JsonLog) -> Callable[[], object]:
    books = Books(orders=cast("OrderRepository", _ForgetfulOrders(order)),
                  work=cast("WorkList", None), held=cast("HeldPayments", None),
                  clock=SystemClock(), log=log)
    app = App(index.routes(_verifier(merchant), books), log=log, cors=False,
              begin=lambda _: None)
    event = fc_event(notify)
    assert app(event, None)["statusCode"] == 200
    return lambda: app(event, None)


def _plain(merchant: Merchant, notify: SignedNotify,
           order: Order) -> dict[str, Callable[[], object]]:
    wechatpay = wechatpay_client(merchant.environment())
    app = shop(wechatpay, {order.out_trade_no: AMOUNT_FEN}, NOTIFY_PATH)
    environ = EnvironBuilder(path=NOTIFY_PATH, method="POST",
                             headers=list(notify.headers.items())).get_environ()
    environ["CONTENT_LENGTH"] = str(len(notify.body))

    def flask() -> bytes:
        call = {**environ, "wsgi.input": BytesIO(notify.body)}
        return b"".join(app.wsgi_app(call, _start_response))

    answer = Response.from_app(app.wsgi_app, {**environ, "wsgi.input": BytesIO(notify.body)})
    assert answer.status_code == 200
    return {CALLBACK: lambda: wechatpay.callback(notify.headers, notify.body), FLASK: flask}


def _start_response(status: str, headers: object,
                    exc_info: object = None) -> Callable[[bytes], object]:
    return bytes


def _awaiting_payment(now_s: int) -> Order:
    number = identifiers.out_trade_no("TB01", "test", "benchmark")
    placed = place(
        Snapshot("pro-yearly", "通宝 Pro", "zh", Money(AMOUNT_FEN, "CNY"), 365, ("pro",),
                 "2025-10-01"),
        Terms(out_trade_no=number, environment="test", provider="wechatpay",
              payee=Payee(MCHID, APPID), claim_secret_hash="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWb",
              provider_request="{}", created_at_s=now_s, expires_at_s=now_s + 7200,
              license_id="0" * identifiers.ID_LENGTH))
    return instruct(placed, PaymentInstruction("qr", "weixin://wxpay/bizpayurl?pr=1",
                                               now_s + 7200), now_s)


def _paid(order: Order, merchant: Merchant, notify: SignedNotify) -> Order:
    headers = {name.lower(): value for name, value in notify.headers.items()}
    now_s = SystemClock().now_s()
    fact = _verifier(merchant).verify(headers, notify.body, now_s)
    return record_payment(order, fact, now_s)


class _ForgetfulOrders:
    """An order that stays as it is, whatever is saved."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def load(self, order_id: str) -> Order | None:
        return self._order if order_id == self._order.order_id else None

    def save(self, order: Order) -> None:
        assert order.version == self._order.version + 1


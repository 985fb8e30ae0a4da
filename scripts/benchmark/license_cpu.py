"""CPU time per activation and per refresh, without storage and network, beside the cryptography
alone that each of them needs: one ES256 verification and one Ed25519 signature.

The handler is license-fetch's own, from the event to the answer. The store here forgets what it
is told, so that every activation is the first one; a refresh is one of the same day.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from emulators.fc import http_event
from functions.license_fetch import index
from scripts.benchmark.figures import Row, paired_ratio, shown
from scripts.benchmark.merchant import APPID, MCHID
from scripts.benchmark.rounds import interleave
from scripts.benchmark.warm import batch_size, cpu_us
from shared.adapters.device_proofs import EcdsaDeviceProofs
from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.adapters.system import SystemClock
from shared.domain import identifiers
from shared.domain.license_key import LicenseKeys
from shared.domain.money import Money
from shared.domain.order import Snapshot, Terms, place, record_payment
from shared.domain.payment import Payee, PaymentFact, TradeState
from shared.http.app import App
from shared.http.device_gate import DeviceGate, Doors
from shared.log import JsonLog
from shared.secret import Secret
from shared.use_cases.claim_license import Desk
from shared.use_cases.record_payment import Books
from tests.wire.deployment import ADDRESS
from tests.wire.device import Client, Device, Reply, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmark.merchant import Merchant
    from scripts.benchmark.run import Run
    from shared.domain.license import License
    from shared.domain.order import Order

SECTION = "CPU per license request"
BOUND, ACTIVATION, REFRESH = "bound", "activation", "refresh"
SECRET = "claim-secret-of-the-benchmark-0123456789abc"


def plan(run: Run) -> int:
    """How many steps `measure` takes."""
    return 3 * run.rounds


def measure(run: Run) -> list[Row]:
    """All variants, interleaved."""
    with open(os.devnull, "w") as sink:
        variants = operations(run.merchant, JsonLog(sink, SystemClock(), "license-fetch"))
        sizes = {name: batch_size(operation) for name, operation in variants.items()}
        found = interleave(
            {name: _batch(operation, sizes[name]) for name, operation in variants.items()},
            run.rounds, run.random, run.step)
    run.keep("license_cpu_us", found)
    return [Row(SECTION, f"{name}: event to answer", shown(found[name], "µs"),
                "its cryptography alone", shown(found[BOUND], "µs"),
                paired_ratio(found[name], found[BOUND])) for name in (ACTIVATION, REFRESH)]


def _batch(operation: Callable[[], object], times: int) -> Callable[[], float]:
    return lambda: cpu_us(operation, times)


def operations(merchant: Merchant, log: JsonLog) -> dict[str, Callable[[], Any]]:
    """The variants by name; each event carries a proof that stays good for five minutes."""
    counter = _Counter(merchant, log)
    return {BOUND: _bound(merchant), ACTIVATION: counter.activation(),
            REFRESH: counter.refresh()}


def _bound(merchant: Merchant) -> Callable[[], object]:
    device, signing = ec.generate_private_key(ec.SECP256R1()), Ed25519PrivateKey.generate()
    message, algorithm = b"x" * 400, ec.ECDSA(SHA256())
    signature, key = device.sign(message, algorithm), device.public_key()

    def bound() -> None:
        key.verify(signature, message, algorithm)
        signing.sign(message)

    return bound


class _Counter:
    """license-fetch over a paid order and a license that stay as they are."""

    def __init__(self, merchant: Merchant, log: JsonLog) -> None:
        keys = LicenseKeys({"1": merchant.license_secret.encode()})
        clock, self._order = SystemClock(), _paid_order(keys)
        self._licenses, self._device = _ForgetfulLicenses(), Device()
        books = Books(orders=cast("Any", _ForgetfulOrders(self._order)), work=cast("Any", None),
                      held=cast("Any", None), clock=clock, log=log, prefix="TB01")
        signing = merchant.signing
        issuer = Ed25519LicenseIssuer(signing.kid, Secret("", signing.seed), "tongbao:TB01")
        gate = DeviceGate(EcdsaDeviceProofs(b"s" * 32), clock)
        self._app = App(index.routes(
            cast("Any", None), Desk(books, cast("Any", self._licenses), issuer, keys),
            cast("Any", None), Doors(gate, cast("Any", None), cast("Any", None))),
            log=log, cors=True, begin=lambda _: None)

    def activation(self) -> Callable[[], Any]:
        """A claim, each time the first."""
        def claim() -> Any:
            self._licenses.found = None
            return self._app(event, None)

        event = self._event(lambda client: client.claim(self._order.order_id, SECRET))
        return claim

    def refresh(self) -> Callable[[], Any]:
        """A refresh on the day of the activation."""
        def again() -> Any:
            self._licenses.found = held
            return self._app(event, None)

        held = self._licenses.told
        assert held is not None
        self._licenses.found = held
        event = self._event(lambda client: client.refresh(self._order.license_id))
        return again

    def _event(self, ask: Callable[[Client], Reply]) -> bytes:
        """The event of the call that succeeded."""
        events: list[bytes] = []

        def send(method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Reply:
            events.append(http_event(method, path, headers, body))
            answer = self._app(events[-1], None)
            return Reply(answer["statusCode"], json.loads(answer["body"]), answer["headers"])

        assert ask(Client(self._device, ADDRESS, send)).status == 200
        return events[-1]


def _paid_order(keys: LicenseKeys) -> Order:
    now_s = int(time.time())
    number = identifiers.out_trade_no("TB01", "test", "benchmark-of-licenses")
    placed = place(
        Snapshot("pro-yearly", "通宝 Pro", "zh", Money(9900, "CNY"), 365, ("pro",), "2026-11-22"),
        Terms(out_trade_no=number, environment="test", provider="wechatpay",
              payee=Payee(MCHID, APPID), claim_secret_hash=digest(SECRET.encode()),
              provider_request="{}", created_at_s=now_s, expires_at_s=now_s + 7200,
              license_id=identifiers.license_id(keys.new(identifiers.order_id(number)))))
    return record_payment(placed, PaymentFact(
        "wechatpay", Payee(MCHID, APPID), number, TradeState.PAID, "notify",
        "4200000000202611230000000001", Money(9900, "CNY"), now_s), now_s)


class _ForgetfulOrders(NamedTuple):
    """An order that stays as it is."""

    order: Order

    def load(self, order_id: str) -> Order | None:
        return self.order if order_id == self.order.order_id else None


class _ForgetfulLicenses:
    """What `found` says is stored; `told` is what was saved last."""

    def __init__(self) -> None:
        self.found: License | None = None
        self.told: License | None = None

    def load(self, license_id: str) -> License | None:
        return self.found

    def create(self, license_: License) -> None:
        self.told = license_

    def save(self, license_: License) -> None:
        self.told = license_

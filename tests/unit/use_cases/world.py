"""One small shop on fakes: everything that a use case or a handler can be given."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from shared.domain.catalogue import Catalogue, Product
from shared.domain.device import Wanted
from shared.domain.money import Money
from shared.domain.refund_policy import RefundPolicy
from shared.use_cases.claim_license import Desk
from shared.use_cases.compare_bill import AuditRoom
from shared.use_cases.create_order import OrderRequest, Shop
from shared.use_cases.fetch_order import Counter
from shared.use_cases.look_at_order import BackOffice, look_at_order
from shared.use_cases.record_payment import Books
from shared.use_cases.request_refund import RefundCounter
from shared.use_cases.settle_held import HeldDesk, look_at_held
from shared.use_cases.watch_complaint import ComplaintRoom, look_at_complaint
from shared.use_cases.work_due import WorkDone, work_due
from tests.fakes.books import MemoryLedger, MemoryPayerRefunds, MemoryReconciliations
from tests.fakes.clock import FakeClock
from tests.fakes.complaints import FakeComplaintDesk
from tests.fakes.issuer import FakeLicenseIssuer
from tests.fakes.log import RecordingLog
from tests.fakes.notifies import FakeNotifyVerifier
from tests.fakes.provider import FakeGateway
from tests.fakes.refunds import FakeBills, FakeRefundGateway
from tests.fakes.samples import LICENSE_KEYS
from tests.fakes.stores import (
    MemoryComplaints,
    MemoryHeldPayments,
    MemoryLicenses,
    MemoryOrders,
    MemoryWorkList,
)

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.payment import PaymentFact
    from shared.license_ports import LicenseIssuer

SECRET = "claim-secret-of-the-first-buyer-0123456789abc"
OTHER_SECRET = "claim-secret-of-another-buyer-0123456789abcd"
KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_KEY = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
LIFETIME_S = 7200
PRICE = Money(9900, "CNY")
DEVICE = Wanted("first-device-" + "A" * 30, "chrome/windows")
OTHER_DEVICE = Wanted("second-device-" + "B" * 29, "edge/windows")
POLICY = RefundPolicy(window_days=7, approval_above_minor=10_000)


def hash_of(secret: str) -> str:
    """What the client sends at first: base64url(SHA-256(secret)) without padding."""
    return urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).decode().rstrip("=")


def catalogue(policy: RefundPolicy | None = POLICY) -> Catalogue:
    """A year of one thing, refundable, and another for ever, which is not."""
    texts = {"en": "Reader Pro", "zh": "\u9605\u8bfb\u52a9\u624b\u4e13\u4e1a\u7248"}
    return Catalogue("2026-11-22", {
        "reader-pro": Product("reader-pro", texts, texts, {"CNY": PRICE}, 365, ("pro",),
                              policy),
        "course": Product("course", texts, texts, {"CNY": Money(19900, "CNY")}, None,
                          ("course:writing",))})


def request(key: str = KEY, *, product_id: str = "reader-pro", currency: str = "CNY",
            secret: str = SECRET, language: str = "zh") -> OrderRequest:
    """What a buyer's client asks for."""
    return OrderRequest(product_id, currency, key, hash_of(secret), language)


class World:
    """The ports, and the bundles that the use cases take."""

    def __init__(self, policy: RefundPolicy | None = POLICY) -> None:
        self.clock = FakeClock()
        self.work = MemoryWorkList()
        self.orders = MemoryOrders(self.work)
        self.licenses = MemoryLicenses()
        self.held = MemoryHeldPayments()
        self.payers = MemoryPayerRefunds()
        self.ledger = MemoryLedger()
        self.days = MemoryReconciliations()
        self.complaints = MemoryComplaints()
        self.log = RecordingLog()
        self.gateway = FakeGateway()
        self.refunds = FakeRefundGateway(self.gateway, self.clock)
        self.bills = FakeBills(self.gateway, self.refunds)
        self.complaint_desk = FakeComplaintDesk(self.clock)
        self.verifier = FakeNotifyVerifier()
        self.fake_issuer = FakeLicenseIssuer()
        self.issuer: LicenseIssuer = self.fake_issuer
        self.books = Books(self.orders, self.work, self.held, self.clock, self.log,
                           prefix="TB01")
        self.shop = Shop(catalogue(policy), self.gateway, self.books, prefix="TB01",
                         environment="test", order_lifetime_s=LIFETIME_S,
                         license_keys=LICENSE_KEYS)
        self.refund_counter = RefundCounter(self.books, self.licenses, self.payers, self.refunds)
        self.office = BackOffice(self.refund_counter, self.gateway, self.ledger,
                                 self.shop.catalogue)
        self.held_desk = HeldDesk(self.books, self.refunds, refunds_by_itself=False)
        self.complaint_room = ComplaintRoom(
            self.books, self.licenses, self.complaints, self.complaint_desk, "wechatpay",
            answer_within_s=86_400, holds_license=True)
        self.audit_room = AuditRoom(self.books, self.bills, self.ledger, self.days)

    def counter(self, wait_s: int = 0) -> Counter:
        """Where buyers ask."""
        return Counter(self.books, self.gateway, wait_s)

    def desk(self) -> Desk:
        """Where licenses are handed over."""
        return Desk(self.books, self.licenses, self.issuer, LICENSE_KEYS)

    def run_timer(self) -> WorkDone:
        """One run of the timer, now."""
        looks = {"order": lambda it: look_at_order(it, self.office),
                 "held": lambda it: look_at_held(it, self.held_desk),
                 "complaint": lambda it: look_at_complaint(it, self.complaint_room)}
        return work_due(looks, self.books, self.clock.monotonic_ms() + 60_000)

    def run_timers_for(self, duration_s: int, every_s: int = 60) -> None:
        """Let time pass, with the timer running as it does in production."""
        for _ in range(duration_s // every_s):
            self.clock.advance_s(every_s)
            self.run_timer()

    def pay(self, order: Order) -> PaymentFact:
        """The buyer scans and pays, ten seconds from now."""
        self.clock.advance_s(10)
        return self.gateway.pay(order.out_trade_no, self.clock.now_s())

    def stored(self, order: Order) -> Order:
        """The order as it is in the store, without a counted call."""
        return next(it for it in self.orders.all() if it.order_id == order.order_id)

    def forget_calls(self) -> None:
        """Count from here."""
        for port in (self.orders, self.work, self.licenses, self.held):
            port.calls.clear()
        self.gateway.calls.clear()

    def calls(self) -> list[str]:
        """Every call since `forget_calls`, by port (order of ports, not of time)."""
        return ([f"orders.{name}" for name in self.orders.calls]
                + [f"work.{name}" for name in self.work.calls]
                + [f"licenses.{name}" for name in self.licenses.calls]
                + [f"held.{name}" for name in self.held.calls]
                + [f"gateway.{name}" for name, _ in self.gateway.calls])

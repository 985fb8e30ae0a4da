"""What the use cases need from the world. Adapters implement these; rules never see more.

Ports speak aggregates, not columns: another store, another provider or another cloud is
another folder of adapters. Every method may raise the `Unavailable` family of
`shared.errors`; what else it raises is said where it is declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.domain.bill import Bill, LedgerLine, Reconciliation
    from shared.domain.complaint import Complaint, ComplaintFact, ComplaintNotice
    from shared.domain.due import Work
    from shared.domain.held import HeldPayment
    from shared.domain.license import License
    from shared.domain.money import Money
    from shared.domain.order import Order, PaymentInstruction, Snapshot
    from shared.domain.payment import Payee, PaymentFact
    from shared.domain.refund import RefundFact


class Clock(Protocol):
    """Time, and waiting for it."""

    def now_s(self) -> int:
        """Seconds since 1970 (UTC)."""

    def monotonic_ms(self) -> int:
        """Milliseconds of a clock that never steps, for deadlines."""

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait."""


class OrderRepository(Protocol):
    """Orders, each one row."""

    def load(self, order_id: str) -> Order | None:
        """The order as stored, None where there is none; a strongly consistent read."""

    def create(self, order: Order, due_at_s: int) -> None:
        """Store a new order and its row in the work list; returns only when both are durable.

        Raises AlreadyExists when the order is there (its work row is then durable too).
        """

    def save(self, order: Order) -> None:
        """Store `order` if the stored version is `order.version - 1`.

        State, new events and chain head change in one conditional write. Raises
        VersionConflict when somebody else saved first (never when it was this very write
        whose answer got lost), StoreUnknown when that cannot be told in time.
        """


class WorkList(Protocol):
    """What somebody must look at, and when: rows that a timer finds, spread over buckets."""

    def add(self, work: Work) -> None:
        """Durably put this row there; the same row again changes nothing that matters."""

    def list(self, now_s: int, limit: int) -> Sequence[Work]:
        """Rows that are due up to now and that nobody works on, oldest first, at most `limit`."""

    def lease(self, work: Work, until_s: int) -> Work | None:
        """The row as this caller's until then; None when another took it or it is gone."""

    def remove(self, work: Work) -> None:
        """Remove a row whose work is done; no error when it is gone."""

    def count(self, now_s: int) -> int:
        """How many rows are due up to now, whoever works on them."""


class LicenseRepository(Protocol):
    """Licenses, each one row."""

    def load(self, license_id: str) -> License | None:
        """The license as stored, None where there is none."""

    def create(self, license_: License) -> None:
        """Store a new license; raises AlreadyExists."""

    def save(self, license_: License) -> None:
        """Store it if the stored version is one lower; raises VersionConflict."""


class HeldPayments(Protocol):
    """Verified payments that fit no order, kept for an operator."""

    def record_once(self, held: HeldPayment) -> bool:
        """Durably record it; False when this transaction was recorded before."""

    def load(self, provider: str, transaction_id: str) -> HeldPayment | None:
        """What was recorded, None where nothing was."""

    def save(self, held: HeldPayment) -> None:
        """Store it if the stored version is one lower; raises VersionConflict."""

    def all(self) -> Iterator[HeldPayment]:
        """Every held payment, in no order: for operators and timers, they are few."""


class ComplaintRepository(Protocol):
    """Complaints, each one row."""

    def load(self, provider: str, complaint_id: str) -> Complaint | None:
        """The complaint as stored, None where there is none."""

    def create(self, complaint: Complaint) -> None:
        """Store a new complaint; raises AlreadyExists."""

    def save(self, complaint: Complaint) -> None:
        """Store it if the stored version is one lower; raises VersionConflict."""

    def all(self) -> Iterator[Complaint]:
        """Every complaint, in no order: for operators, they are few."""


class PayerRefunds(Protocol):
    """Which refunds a payer was given, by the keyed hash that stands for the payer."""

    def list(self, payer_hash: str) -> frozenset[str]:
        """The refund ids noted for this payer."""

    def note(self, payer_hash: str, refund_id: str) -> None:
        """Note one; again changes nothing."""

    def forget(self, payer_hash: str, refund_id: str) -> None:
        """Remove one; no error when it is not there."""


class Ledger(Protocol):
    """Every movement of money that we booked, by day."""

    def enter(self, line: LedgerLine) -> None:
        """Write the line; the same line again changes nothing."""

    def lines(self, day: str) -> Iterator[LedgerLine]:
        """All lines of a Beijing day (YYYY-MM-DD), in order of kind and number."""


class Reconciliations(Protocol):
    """What came of reconciling each day."""

    def load(self, day: str) -> Reconciliation | None:
        """The newest result for this day, None where there is none."""

    def save(self, result: Reconciliation) -> None:
        """Store it if the stored version is one lower (1: if there is none).

        Raises VersionConflict.
        """


class PaymentGateway(Protocol):
    """One provider's outgoing calls. Never called by `notify`."""

    provider: str
    payee: Payee
    currencies: frozenset[str]
    """What it can be asked to collect (ISO 4217)."""

    def prepare(self, out_trade_no: str, snapshot: Snapshot, expires_at_s: int) -> str:
        """The exact request that places this order: pure, no call. Stored, then replayed."""

    def place(self, provider_request: str, now_s: int) -> PaymentInstruction:
        """Place (or place again, with the same bytes) an order; idempotent at the provider.

        Raises ProviderUnavailable while the outcome is unknown, ProviderRefused for a
        verified "no", AlreadyPaid when the provider says that it was paid.
        """

    def query(self, out_trade_no: str) -> PaymentFact | None:
        """What the provider knows of the order now; None when it does not know it."""

    def close(self, out_trade_no: str) -> None:
        """Let the provider take no payment for it any more; done again it changes nothing.

        Raises AlreadyPaid when the buyer was faster, ProviderUnavailable while the outcome is
        unknown, ProviderRefused.
        """


class RefundGateway(Protocol):
    """One provider's refunds. For timers and operators, never on a buyer's path."""

    def prepare(self, terms: RefundTerms) -> str:
        """The exact request of a refund: pure, no call. Stored, then replayed."""

    def place(self, provider_request: str) -> RefundFact:
        """Ask for the refund (or again, with the same bytes); idempotent by its number.

        Raises ProviderUnavailable while the outcome is unknown or a "no" may pass (too little
        balance, limits), ProviderRefused for a "no" that is final: it will not make the refund.
        """

    def query(self, out_refund_no: str) -> RefundFact | None:
        """What the provider knows of a refund; None when it does not know it."""


class RefundTerms(NamedTuple):
    """What a refund is about: `transaction_id` names the payment, `total` what it came to."""

    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    amount: Money
    total: Money


class BillSource(Protocol):
    """One provider's daily bills."""

    def fetch(self, day: str) -> Bill:
        """The bill of a Beijing day, complete and with its hash checked.

        Raises BillNotReady (try again later), UntrustedBill (it came, and is not whole or not
        what its hash says; `reason` says why) and ProviderUnavailable.
        """


class ComplaintDesk(Protocol):
    """One provider's complaints."""

    def list(self, first_day: str, last_day: str) -> Iterator[ComplaintFact]:
        """The complaints made on these Beijing days."""

    def read(self, complaint_id: str) -> ComplaintFact | None:
        """What the provider knows of it now; None when it does not know it."""

    def show(self, complaint_id: str) -> dict[str, Any]:
        """Everything an operator may read of it, the buyer's words included: never stored."""

    def answer(self, complaint_id: str, text: str) -> None:
        """Send the buyer an answer; raises ProviderUnavailable, ProviderRefused."""

    def complete(self, complaint_id: str) -> None:
        """Tell the provider that it is settled; raises as `answer` does."""

    def subscribe(self, *, replace: bool) -> str:
        """Get notifies of complaints, others' too with `replace`; the address that gets them."""


class AlreadyPaid(Exception):
    """The provider says that the order was paid: ask it, and book the payment."""


class ProviderReply(NamedTuple):
    """What a provider wants to hear: status and body are its own contract."""

    status: int
    body: bytes
    content_type: str = "application/json"


class NotifyVerifier(Protocol):
    """One provider's incoming notifies."""

    provider: str

    def verify(self, headers: Mapping[str, str], body: bytes,
               now_s: int) -> PaymentFact | RefundFact | ComplaintNotice:
        """The fact that a genuine notify states; raises InvalidNotify for all else.

        `headers` has lower-case names. No read, no write and no outgoing call happens here.
        """

    def accepted(self) -> ProviderReply:
        """Durably booked: do not send it again."""

    def refused(self, status: int, code: str) -> ProviderReply:
        """Not booked (4xx or 5xx): send it again."""


class FactLog(Protocol):
    """One JSON line per fact."""

    def fact(self, name: str, **fields: Any) -> None:
        """Write that `name` (dotted, stable) happened, with ids and codes, never payloads."""

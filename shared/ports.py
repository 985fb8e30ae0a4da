"""What the use cases need from the world. Adapters implement these; rules never see more.

Ports speak aggregates, not columns: another store, another provider or another cloud is
another folder of adapters. Every method may raise the `Unavailable` family of
`shared.errors`; what else it raises is said where it is declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.domain.lease import Window
    from shared.domain.license import License
    from shared.domain.order import Order, PaymentInstruction, Snapshot
    from shared.domain.payment import HeldPayment, Payee, PaymentFact


class Clock(Protocol):
    """Time, and waiting for it."""

    def now_s(self) -> int:
        """Seconds since 1970 (UTC)."""

    def monotonic_ms(self) -> int:
        """Milliseconds of a clock that never steps, for deadlines."""

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait."""


class DueOrder(NamedTuple):
    """An order that must be looked at when `due_at_s` has come."""

    order_id: str
    due_at_s: int


class OrderRepository(Protocol):
    """Orders, each one row, and the due rows that let a timer find them."""

    def load(self, order_id: str) -> Order | None:
        """The order as stored, None where there is none; a strongly consistent read."""

    def create(self, order: Order, due_at_s: int) -> None:
        """Store a new order and its due row; returns only when both are durable.

        Raises AlreadyExists when the order is there (its due row is then durable too).
        """

    def save(self, order: Order) -> None:
        """Store `order` if the stored version is `order.version - 1`.

        State, new events and chain head change in one conditional write. Raises
        VersionConflict when somebody else saved first (never when it was this very write
        whose answer got lost), StoreUnknown when that cannot be told in time.
        """

    def list_due(self, now_s: int, limit: int) -> Sequence[DueOrder]:
        """Due rows up to now, oldest first within a bucket, at most `limit`."""

    def count_due(self, now_s: int) -> int:
        """How many due rows are due up to now."""

    def forget_due(self, due: DueOrder) -> None:
        """Remove a due row whose work is done; no error when it is gone."""


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

    def verify(self, headers: Mapping[str, str], body: bytes, now_s: int) -> PaymentFact:
        """The fact that a genuine notify states; raises InvalidNotify for all else.

        `headers` has lower-case names. No read, no write and no outgoing call happens here.
        """

    def accepted(self) -> ProviderReply:
        """Durably booked: do not send it again."""

    def refused(self, status: int, code: str) -> ProviderReply:
        """Not booked (4xx or 5xx): send it again."""


class IssuedLease(NamedTuple):
    """A signed lease, ready to hand out; None in `token` means: pending, ask again."""

    token: str | None


class LicenseIssuer(Protocol):
    """Signs leases. Idempotent by license and window; never called inside `notify`."""

    def issue(self, license_: License, window: Window) -> IssuedLease:
        """The lease for this license and window: the same bytes every time, or pending."""

    def public_keys(self) -> list[dict[str, Any]]:
        """The verification keys as JWKs (RFC 8037)."""


class FactLog(Protocol):
    """One JSON line per fact."""

    def fact(self, name: str, **fields: Any) -> None:
        """Write that `name` (dotted, stable) happened, with ids and codes, never payloads."""


class SecretSource(Protocol):
    """A place where the values of settings are kept: files, or a secret store.

    A setting names it by its scheme ("file:/path"); `shared.settings` lists them.
    """

    def __call__(self, reference: str) -> str:
        """The value kept under this reference; raises ValueError, which never shows it."""

"""One refund of one order: where it stands, and how a provider's statement moves it.

        request                      provider says so
 ∅ ──────────────▶ REQUESTED ─────────────▶ PROCESSING ──▶ SUCCEEDED
 │                  ▲      │                  │    ▲          ▲
 │ above the limit  │      │ definite "no"    ▼    │          │
 └▶ AWAITING_APPROVAL      ▼               ABNORMAL ─────────┘
          │             REFUSED               │
          ▼                                   ▼
       DECLINED                            CLOSED

Every state but REFUSED, DECLINED and CLOSED keeps its amount reserved: nobody can promise that
money to a second refund. What the provider says about money that moves, or moved, always wins: one
that was REFUSED and exists there all the same is reserved and followed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shared.domain.money import Money


class RefundState(str, Enum):
    """Where a refund stands."""

    AWAITING_APPROVAL = "awaiting_approval"
    REQUESTED = "requested"
    """Reserved here; the provider may or may not have heard of it."""
    PROCESSING = "processing"
    ABNORMAL = "abnormal"
    """The buyer's bank did not take it; the seller has to name another way."""
    SUCCEEDED = "succeeded"
    CLOSED = "closed"
    """The provider gave it up: the money stayed with the seller."""
    REFUSED = "refused"
    """The provider never took it, for good."""
    DECLINED = "declined"
    """An operator said no."""


MOVES: dict[tuple[RefundState, str], RefundState] = {
    (RefundState.AWAITING_APPROVAL, "refund_approved"): RefundState.REQUESTED,
    (RefundState.AWAITING_APPROVAL, "refund_declined"): RefundState.DECLINED,
    (RefundState.REQUESTED, "refund_refused"): RefundState.REFUSED,
    **{(state, f"refund_{told.value}"): told
       for state, tellings in {
           RefundState.REQUESTED: (RefundState.PROCESSING, RefundState.ABNORMAL,
                                   RefundState.SUCCEEDED, RefundState.CLOSED),
           RefundState.PROCESSING: (RefundState.ABNORMAL, RefundState.SUCCEEDED,
                                    RefundState.CLOSED),
           RefundState.ABNORMAL: (RefundState.PROCESSING, RefundState.SUCCEEDED,
                                  RefundState.CLOSED),
           RefundState.CLOSED: (RefundState.SUCCEEDED,),
           # It took what it had said no to: an earlier try was still on its way there.
           RefundState.REFUSED: (RefundState.PROCESSING, RefundState.ABNORMAL,
                                 RefundState.SUCCEEDED)}.items()
       for told in tellings},
}
"""Every move that a refund may make, by the kind of its event."""

OPEN = frozenset({RefundState.AWAITING_APPROVAL, RefundState.REQUESTED, RefundState.PROCESSING,
                  RefundState.ABNORMAL})
"""Not at its end yet."""

RESERVING = OPEN | {RefundState.SUCCEEDED}
"""Its amount cannot be refunded a second time."""

AT_PROVIDER = frozenset({RefundState.PROCESSING, RefundState.ABNORMAL, RefundState.SUCCEEDED,
                         RefundState.CLOSED})
"""The provider has told us of it."""


class RefundOrigin(str, Enum):
    """Why a refund exists."""

    BUYER = "buyer"
    OPERATOR = "operator"
    PRODUCT_GONE = "product_gone"
    """Paid after the order was closed, and the product is not sold any more."""
    CONSOLE = "console"
    """Found at the provider, not asked for here (made in its merchant console)."""


@dataclass(frozen=True)
class Refund:
    """One refund. `out_refund_no` is its number at the provider, which does each number once.

    `provider_request` is the exact request that every retry replays (empty for a found one);
    `requested_by` is an actor as in an event. `billed_on` is the day (YYYY-MM-DD) of the bill
    that listed it.
    """

    refund_id: str
    out_refund_no: str
    amount: Money
    state: RefundState
    origin: RefundOrigin
    requested_by: str
    requested_at_s: int
    provider_request: str = ""
    provider_refund_id: str | None = None
    settled_at_s: int | None = None
    billed_on: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do or to say something."""
        return self.state in OPEN


class RefundFact(NamedTuple):
    """One verified statement of a provider about one refund.

    `state` is PROCESSING, ABNORMAL, SUCCEEDED or CLOSED; `total` is what the order had cost;
    `settled_at_s` is None until it succeeded. `source` is place, query, notify or bill;
    `billed_on` is the bill's day where it is the bill. `transaction_id` names the payment.
    """

    provider: str
    merchant_id: str
    out_trade_no: str
    transaction_id: str
    out_refund_no: str
    provider_refund_id: str
    state: RefundState
    amount: Money
    total: Money | None
    source: str
    settled_at_s: int | None = None
    billed_on: str | None = None

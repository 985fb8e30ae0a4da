"""What the checks look at, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from scripts.auditing.access_log import LogLine
    from scripts.auditing.journal import Journal

Row = dict[str, Any]
"""A row's key and its columns in one dict: text and integers."""
Tables = dict[str, list[Row]]

GRACE_S = 900
"""What is younger may still be on its way: the timer runs every minute."""
SKEW_S = 120
"""How far two clocks may be apart."""
PREFIX_LENGTH = 4
"""So many symbols of an order number name the deployment."""


class Finding(NamedTuple):
    """One thing that is not as it must be. `key` names a row without telling an order number."""

    check: str
    key: str
    text: str


class Chain(NamedTuple):
    """A row's history: events as stored and as read, and the head that they should lead to."""

    texts: tuple[str, ...]
    events: tuple[dict[str, Any], ...]
    head: str

    @property
    def last_at_s(self) -> int:
        """When something happened last."""
        return max((event["at_s"] for event in self.events), default=0)


class Money(NamedTuple):
    """An amount in the smallest unit, and its currency."""

    minor: int
    currency: str


class Payment(NamedTuple):
    """What an order's row says of its payment."""

    transaction_id: str
    money: Money
    paid_at_s: int
    source: str
    payer_hash: str | None
    is_late: bool


@dataclass(frozen=True)
class Order:
    """A row of `orders`. `grant` and `refunds` are the records as stored."""

    order_id: str
    row: Row
    chain: Chain
    state: str
    money: Money
    payment: Payment | None
    grant: dict[str, Any] | None
    refunds: tuple[dict[str, Any], ...]
    holds: tuple[str, ...]

    def sum_of(self, *states: str) -> int:
        """What refunds in these states amount to."""
        return sum(one["amount_minor"] for one in self.refunds if one["state"] in states)


@dataclass(frozen=True)
class License:
    """A row of `licenses`."""

    license_id: str
    row: Row
    chain: Chain
    grants: tuple[dict[str, Any], ...]
    standings: tuple[dict[str, Any], ...]
    devices: tuple[dict[str, Any], ...]
    takeover: dict[str, Any] | None

    def standing_of(self, grant_id: str) -> str:
        """What it says that a grant is worth."""
        return next((one["standing"] for one in self.standings
                     if one["grant_id"] == grant_id), "active")


@dataclass(frozen=True)
class Held:
    """A row of `held_payments`."""

    key: str
    row: Row
    chain: Chain

    @property
    def subject(self) -> str:
        """Its name in the work list and in its chain."""
        return f"{self.row['provider']}:{self.row['transaction_id']}"


@dataclass(frozen=True)
class Complaint:
    """A row of `complaints`."""

    key: str
    row: Row
    chain: Chain
    order_ids: tuple[str, ...]


class Due(NamedTuple):
    """A row of `due`."""

    kind: str
    subject: str
    due_at_s: int
    leased_until_s: int


class Line(NamedTuple):
    """A row of `ledger`."""

    day: str
    kind: str
    number: str
    order_id: str
    money: Money


@dataclass(frozen=True)
class Books:
    """All tables, read. `unreadable` are the rows that are not as docs/reference.md has them."""

    orders: dict[str, Order] = field(default_factory=dict)
    licenses: dict[str, License] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    ledger: list[Line] = field(default_factory=list)
    payers: set[tuple[str, str]] = field(default_factory=set)
    days: dict[str, Row] = field(default_factory=dict)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0


@dataclass(frozen=True)
class Evidence:
    """Everything there is to look at. `journal` and `log` are None where none was given."""

    books: Books
    now_s: int
    journal: Journal | None = None
    log: list[LogLine] | None = None
    grace_s: int = GRACE_S
    skew_s: int = SKEW_S

    def is_young(self, at_s: int) -> bool:
        """Whether that is so recent that others may still be at work on it."""
        return at_s > self.now_s - self.grace_s

    def has_due(self, kind: str, subject: str) -> bool:
        """Whether the work list has a row for it."""
        return (kind, subject) in self._due

    @cached_property
    def _due(self) -> frozenset[tuple[str, str]]:
        return frozenset((row.kind, row.subject) for row in self.books.due)

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """What the numbers of this deployment's orders begin with."""
        return frozenset(order.row["out_trade_no"][:PREFIX_LENGTH]
                         for order in self.books.orders.values())


Found = Iterable[tuple[str, str]]
"""What a check yields: the key of a row, and what is wrong with it."""


class Check(NamedTuple):
    """One question. `count` says how many things it was asked of; None: it cannot be asked."""

    name: str
    asks: str
    run: Callable[[Evidence], Found]
    number: Callable[[Evidence], int | None]

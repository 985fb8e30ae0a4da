"""The history of one aggregate: events in a hash chain, each with an actor and a source.

The chain belongs to the domain: an aggregate's state, its newest event and the chain's head
change together in one conditional write of one row. An edited, removed, reordered or foreign
event no longer leads to the head.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_as_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class BrokenHistory(Exception):
    """The events do not lead to the stored head."""


@dataclass(frozen=True)
class Event:
    """One thing that happened: `kind` as a fact ("paid"), who did it, and how we know it.

    `actor` is buyer, provider, system or operator:<name>; `source` is where the knowledge
    came from (create-order, notify, query, timer, bill); `at_s` is our clock, in seconds.
    """

    kind: str
    at_s: int
    actor: str
    source: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def canonical(self) -> str:
        """The one text of this event: JSON with sorted keys and no spaces."""
        return _as_json({"actor": self.actor, "at_s": self.at_s, "data": self.data,
                         "kind": self.kind, "source": self.source})

    @staticmethod
    def from_canonical(text: str) -> Event:
        """The event that `canonical` wrote; raises BrokenHistory for anything else."""
        try:
            raw = json.loads(text)
            event = Event(raw["kind"], raw["at_s"], raw["actor"], raw["source"], raw["data"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BrokenHistory("an event is not readable") from None
        if event.canonical() != text:
            raise BrokenHistory("an event is not in its canonical form")
        return event


@dataclass(frozen=True)
class History:
    """The events of one aggregate and the head of their chain (64 hex digits)."""

    head: str
    events: tuple[Event, ...] = ()

    def add(self, event: Event) -> History:
        """This history and one more event."""
        return History(_link(self.head, event), (*self.events, event))


def begin(kind: str, aggregate_id: str) -> History:
    """An empty history whose chain is rooted in this one aggregate."""
    root = f"tongbao.history.v1\n{kind}\n{aggregate_id}".encode()
    return History(hashlib.sha256(root).hexdigest())


def verify_chain(kind: str, aggregate_id: str, events: Sequence[Event], head: str) -> None:
    """Raise BrokenHistory unless exactly these events, in this order, lead to `head`."""
    history = begin(kind, aggregate_id)
    for event in events:
        history = history.add(event)
    if history.head != head:
        raise BrokenHistory(f"the history of this {kind} does not lead to its head")


def _link(head: str, event: Event) -> str:
    return hashlib.sha256(f"{head}\n{event.canonical()}".encode()).hexdigest()

"""Counts and times what reaches the emulated services, from the outside of each."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulators.tablestore import TablestoreEmulator
from emulators.wechatpay import WeChatPayEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TABLESTORE, WECHAT_PAY, NOTIFY = "Tablestore", "WeChat Pay", "notify"


BEGIN, END = "begin", "end"


@dataclass
class Hop:
    """One request to a service and how long its answer took; `status` 0: no answer."""

    service: str
    what: str
    began_ms: float
    took_ms: float = 0.0
    status: int = 0


@dataclass(frozen=True)
class Moment:
    """When something is to happen: as this request arrives, or once it is done, not answered."""

    when: str
    service: str
    what: str

    def has_come(self, when: str, hop: Hop) -> bool:
        """Whether this is it; `what` need only be a part of the hop's."""
        return (when, hop.service) == (self.when, self.service) and self.what in hop.what


class Hops:
    """All hops so far. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._hops: list[Hop] = []
        self._awaited: list[tuple[Moment, Callable[[], object]]] = []

    def once(self, moment: Moment, do: Callable[[], object]) -> None:
        """Do this at that moment, the first time it comes."""
        with self._changed:
            self._awaited.append((moment, do))

    def _let_happen(self, when: str, hop: Hop) -> None:
        with self._changed:
            come = [each for each in self._awaited if each[0].has_come(when, hop)]
            self._awaited = [each for each in self._awaited if each not in come]
        for _, do in come:
            do()

    @contextmanager
    def timed(self, service: str, what: str) -> Iterator[Hop]:
        """Record one hop; the block sets its status and may complete its name."""
        hop = Hop(service, what, time.perf_counter() * 1000)
        self._let_happen(BEGIN, hop)
        try:
            yield hop
            self._let_happen(END, hop)
        finally:
            hop.took_ms = time.perf_counter() * 1000 - hop.began_ms
            with self._changed:
                self._hops.append(hop)
                self._changed.notify_all()

    def all(self, service: str | None = None) -> list[Hop]:
        """The hops in the order they began; of one service if asked."""
        with self._changed:
            hops = sorted(self._hops, key=lambda hop: hop.began_ms)
        return [hop for hop in hops if service in (None, hop.service)]

    def since(self, count: int) -> list[Hop]:
        """All hops that ended after the first `count` of them did."""
        with self._changed:
            return sorted(self._hops[count:], key=lambda hop: hop.began_ms)

    def count(self) -> int:
        """How many there are."""
        with self._changed:
            return len(self._hops)

    def wait_for(self, wanted: Callable[[Hop], bool], timeout_s: float) -> Hop | None:
        """The first hop of this kind, also one still to come; None when time is up."""
        def find() -> Hop | None:
            return next((hop for hop in self._hops if wanted(hop)), None)

        with self._changed:
            return self._changed.wait_for(find, timeout_s)


class TimedTablestore(TablestoreEmulator):
    """The Tablestore emulator, timed."""

    def __init__(self, hops: Hops, *arguments: Any, **options: Any) -> None:
        self._hops = hops
        super().__init__(*arguments, **options)

    def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        """One request, timed."""
        with self._hops.timed(TABLESTORE, path.lstrip("/")) as hop:
            answer = super().handle(path, headers, body)
            hop.status = answer[0]
            hop.what = " ".join((hop.what, *self.requests[-1].tables))
            return answer


class TimedWeChatPay(WeChatPayEmulator):
    """The WeChat Pay emulator, timed; its control interface is not counted."""

    def __init__(self, hops: Hops, *arguments: Any, **options: Any) -> None:
        self._hops = hops
        super().__init__(*arguments, **options)

    def handle(self, method: str, target: str, headers: Mapping[str, str],
               body: bytes = b"") -> Any:
        """One request, timed."""
        if not target.startswith("/v3/"):
            return super().handle(method, target, headers, body)
        path = target.partition("?")[0].removeprefix("/v3/pay/transactions/")
        with self._hops.timed(WECHAT_PAY, f"{method} {path}") as hop:
            answer = super().handle(method, target, headers, body)
            hop.status = answer.status
            return answer


def timed_post(hops: Hops, post: Callable[[str, dict[str, str], bytes], int],
               ) -> Callable[[str, dict[str, str], bytes], int]:
    """A `post_notify` that records each notify sent."""
    def send(url: str, headers: dict[str, str], body: bytes) -> int:
        with hops.timed(NOTIFY, url) as hop:
            hop.status = post(url, headers, body)
            return hop.status

    return send

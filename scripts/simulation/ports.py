"""Ports that take time and fail: proxies around the stores and the provider of a world.

A crash ends the whole invocation (`Crashed` is no Exception, so nothing in the product can
catch it); what was done before it stays done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from shared.domain.due import Work
from shared.errors import ProviderUnavailable, StoreUnavailable, StoreUnknown
from tests.invariants.ground import must

if TYPE_CHECKING:
    from scripts.simulation.engine import Engine
    from scripts.simulation.faults import Faults

STORE_MS = (2, 12)
PROVIDER_MS = (60, 400)
GIVING_UP_MS = (1_000, 3_000)

READS = frozenset({"load", "list", "count", "all", "lines"})


class Crashed(BaseException):
    """The process died here."""


class Port:
    """A proxy: the methods named wait, may fail, and are noted; all else is the port's own."""

    def __init__(self, name: str, inner: Any, methods: tuple[str, ...], faults: Faults) -> None:
        self._name = name
        self._inner = inner
        self._faults = faults
        self._engine: Engine = faults.engine
        for method in methods:
            setattr(self, method, partial(self._call, method))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _wait(self, between: tuple[int, int]) -> None:
        self._engine.sleep_ms(self._engine.random.randint(*between))

    def _call(self, method: str, *args: Any) -> Any:
        raise NotImplementedError


def _subject(args: tuple[Any, ...]) -> str:
    """What a call is about, for the trace: an id, where there is one."""
    first = args[0] if args else ""
    for name in ("subject_id", "order_id", "license_id"):
        found = getattr(first, name, None)
        if found is not None:
            return f" {found}"
    return f" {first}" if isinstance(first, str) and len(first) <= 40 else ""


class StorePort(Port):
    """A repository: what one write does is atomic, whether it was done may stay unknown."""

    def _call(self, method: str, *args: Any) -> Any:
        self._wait(STORE_MS)
        fault = self._faults.of_store(writes=method not in READS)
        self._engine.note(f"{self._name}.{method}{_subject(args)} {fault or ''}")
        if fault == "crash_before":
            raise Crashed
        if fault in ("refused", "throttled"):
            self._wait(GIVING_UP_MS)
            raise StoreUnavailable(reason=fault)
        if fault == "unknown_lost":
            self._wait(GIVING_UP_MS)
            raise StoreUnknown(reason=fault)
        result = self._do(method, *args)
        if fault == "crash_after":
            raise Crashed
        if fault == "unknown_applied":
            self._wait(GIVING_UP_MS)
            raise StoreUnknown(reason=fault)
        return result

    def _do(self, method: str, *args: Any) -> Any:
        if method == "save" and hasattr(args[0], "history"):
            return self._save(args[0])
        return getattr(self._inner, method)(*args)

    def _save(self, row: Any) -> None:
        """Save, and hold every write to this: one version more, and history is only added to."""
        before = self._stored(row)
        self._inner.save(row)
        must(row.version == before.version + 1, "I15", "a write moves the version by one")
        old = before.history.events
        must(row.history.events[:len(old)] == old, "I15", "history is only ever added to")

    def _stored(self, row: Any) -> Any:
        if hasattr(row, "transaction_id"):
            return self._inner.load(row.provider, row.transaction_id)
        if hasattr(row, "complaint_id"):
            return self._inner.load(row.provider, row.complaint_id)
        return self._inner.load(row.license_id if hasattr(row, "grants") else row.order_id)


class OrdersPort(StorePort):
    """Orders are created together with their work row, and half of that may be done."""

    def _do(self, method: str, *args: Any) -> Any:
        if method != "create" or not self._faults.happens(
                "half_batch", self._faults.odds.half_batch):
            return super()._do(method, *args)
        order, due_at_s = args
        work = Work("order", order.order_id, due_at_s)
        if self._engine.random.random() < 0.5 or self._inner.load(order.order_id) is not None:
            self._inner.work.put(work)
        else:
            self._inner.create(order, due_at_s)
            self._inner.work.remove(work)
        raise StoreUnknown(reason="half_batch")


class ProviderPort(Port):
    """A gateway of the provider: slow, sometimes silent, sometimes after it did its part."""

    def _call(self, method: str, *args: Any) -> Any:
        self._wait(PROVIDER_MS)
        fault = self._faults.of_provider()
        self._engine.note(f"{self._name}.{method}{_subject(args)} {fault or ''}")
        if fault == "crash_before":
            raise Crashed
        if fault == "unavailable":
            self._wait(GIVING_UP_MS)
            raise ProviderUnavailable(reason=fault)
        result = getattr(self._inner, method)(*args)
        if fault == "crash_after":
            raise Crashed
        if fault == "unavailable_applied":
            self._wait(GIVING_UP_MS)
            raise ProviderUnavailable(reason=fault)
        return result

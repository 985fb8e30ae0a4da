"""The repositories in memory: same contract as Tablestore's, no network and no encoding."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from shared.errors import AlreadyExists, VersionConflict
from shared.ports import DueOrder
from tests.fakes.script import Script

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.domain.payment import HeldPayment


class _Versioned(Protocol):
    @property
    def version(self) -> int: ...


A = TypeVar("A", bound=_Versioned)


class _Rows(Generic[A]):
    """Aggregates by id, each write atomic, as single rows are in Tablestore."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, A] = {}

    def get(self, key: str) -> A | None:
        return self._by_id.get(key)

    def insert(self, key: str, aggregate: A) -> None:
        with self._lock:
            if key in self._by_id:
                raise AlreadyExists(key)
            self._by_id[key] = aggregate

    def replace(self, key: str, aggregate: A) -> None:
        with self._lock:
            stored = self._by_id.get(key)
            if stored is None or stored.version != aggregate.version - 1:
                raise VersionConflict(key)
            self._by_id[key] = aggregate

    def all(self) -> list[A]:
        return list(self._by_id.values())


class MemoryOrders:
    """An `OrderRepository`; `script` arranges failures and rivals, `calls` names all calls."""

    def __init__(self) -> None:
        self.script = Script()
        self.calls: list[str] = []
        self._rows: _Rows[Order] = _Rows()
        self._due: set[tuple[int, str]] = set()

    def load(self, order_id: str) -> Order | None:
        """See the port."""
        self._enter("load")
        order = self._rows.get(order_id)
        self.script.leave("load")
        return order

    def create(self, order: Order, due_at_s: int) -> None:
        """See the port."""
        self._enter("create")
        self._due.add((due_at_s, order.order_id))
        self._rows.insert(order.order_id, order)
        self.script.leave("create")

    def save(self, order: Order) -> None:
        """See the port."""
        self._enter("save")
        self._rows.replace(order.order_id, order)
        self.script.leave("save")

    def list_due(self, now_s: int, limit: int) -> list[DueOrder]:
        """See the port; oldest first over all."""
        self._enter("list_due")
        due = [DueOrder(order_id, at_s) for at_s, order_id in sorted(self._due)
               if at_s <= now_s][:limit]
        self.script.leave("list_due")
        return due

    def count_due(self, now_s: int) -> int:
        """See the port."""
        self._enter("count_due")
        count = sum(1 for at_s, _ in self._due if at_s <= now_s)
        self.script.leave("count_due")
        return count

    def forget_due(self, due: DueOrder) -> None:
        """See the port."""
        self._enter("forget_due")
        self._due.discard((due.due_at_s, due.order_id))
        self.script.leave("forget_due")

    def all(self) -> list[Order]:
        """Every order, for assertions."""
        return self._rows.all()

    def _enter(self, method: str) -> None:
        self.calls.append(method)
        self.script.enter(method)


class MemoryLicenses:
    """A `LicenseRepository`, with `script` and `calls` as in `MemoryOrders`."""

    def __init__(self) -> None:
        self.script = Script()
        self.calls: list[str] = []
        self._rows: _Rows[License] = _Rows()

    def load(self, license_id: str) -> License | None:
        """See the port."""
        self._enter("load")
        license_ = self._rows.get(license_id)
        self.script.leave("load")
        return license_

    def create(self, license_: License) -> None:
        """See the port."""
        self._enter("create")
        self._rows.insert(license_.license_id, license_)
        self.script.leave("create")

    def save(self, license_: License) -> None:
        """See the port."""
        self._enter("save")
        self._rows.replace(license_.license_id, license_)
        self.script.leave("save")

    def all(self) -> list[License]:
        """Every license, for assertions."""
        return self._rows.all()

    def _enter(self, method: str) -> None:
        self.calls.append(method)
        self.script.enter(method)


class MemoryHeldPayments:
    """A `HeldPayments`, with `script` and `calls` as in `MemoryOrders`."""

    def __init__(self) -> None:
        self.script = Script()
        self.calls: list[str] = []
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], HeldPayment] = {}

    def record_once(self, held: HeldPayment) -> bool:
        """See the port."""
        self._enter("record_once")
        key = (held.provider, held.transaction_id)
        with self._lock:
            is_new = key not in self._held
            self._held.setdefault(key, held)
        self.script.leave("record_once")
        return is_new

    def load(self, provider: str, transaction_id: str) -> HeldPayment | None:
        """See the port."""
        self._enter("load")
        held = self._held.get((provider, transaction_id))
        self.script.leave("load")
        return held

    def all(self) -> list[HeldPayment]:
        """Every held payment, for assertions."""
        return list(self._held.values())

    def _enter(self, method: str) -> None:
        self.calls.append(method)
        self.script.enter(method)

"""The aggregates in memory: same contract as Tablestore's, no network and no encoding.

Each repository has a `script` that arranges failures and rivals around its next calls, and
`calls`, the names of the methods called, in order. What is there for assertions (`all` of
orders and licenses, `rows`) is no call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.due import Work
from shared.errors import AlreadyExists, VersionConflict
from tests.fakes.memory import Fake, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.domain.complaint import Complaint
    from shared.domain.held import HeldPayment
    from shared.domain.license import License
    from shared.domain.order import Order


class MemoryWorkList(Fake):
    """A `WorkList`."""

    def __init__(self) -> None:
        super().__init__()
        self._work: Rows[Work] = Rows()

    def add(self, work: Work) -> None:
        """See the port."""
        with self._call("add"):
            self._work.insert(_place(work), _nobodys(work))

    def list(self, now_s: int, limit: int) -> Sequence[Work]:
        """See the port."""
        with self._call("list"):
            free = [work for work in self.rows()
                    if work.due_at_s <= now_s and work.leased_until_s <= now_s]
        return free[:limit]

    def lease(self, work: Work, until_s: int) -> Work | None:
        """See the port."""
        with self._call("lease"):
            taken = work._replace(leased_until_s=until_s, version=work.version + 1)
            is_ours = self._work.replace(_place(work), taken)
        return taken if is_ours else None

    def remove(self, work: Work) -> None:
        """See the port."""
        with self._call("remove"):
            self._work.discard(_place(work))

    def count(self, now_s: int) -> int:
        """See the port."""
        with self._call("count"):
            count = sum(work.due_at_s <= now_s for work in self.rows())
        return count

    def put(self, work: Work) -> None:
        """Put it there for the order repository, which ends any lease of the same row."""
        self._work.put(_place(work), _nobodys(work))

    def rows(self) -> Sequence[Work]:
        """Every row, oldest first, for assertions."""
        return sorted(self._work.all(), key=_place)


def _nobodys(work: Work) -> Work:
    """The row as new."""
    return Work(work.kind, work.subject_id, work.due_at_s)


def _place(work: Work) -> tuple[int, str]:
    """Which row this is."""
    return work.due_at_s, f"{work.kind}:{work.subject_id}"


class MemoryOrders(Fake):
    """An `OrderRepository` that puts rows into the work list it is given, or its own."""

    def __init__(self, work: MemoryWorkList | None = None) -> None:
        super().__init__()
        self.work = MemoryWorkList() if work is None else work
        self._rows: Rows[Order] = Rows()

    def load(self, order_id: str) -> Order | None:
        """See the port."""
        with self._call("load"):
            order = self._rows.get(order_id)
        return order

    def create(self, order: Order, due_at_s: int) -> None:
        """See the port."""
        with self._call("create"):
            self.work.put(Work("order", order.order_id, due_at_s))
            if not self._rows.insert(order.order_id, order):
                raise AlreadyExists(order.order_id)

    def save(self, order: Order) -> None:
        """See the port."""
        with self._call("save"):
            if not self._rows.replace(order.order_id, order):
                raise VersionConflict(order.order_id)

    def all(self) -> list[Order]:
        """Every order, for assertions."""
        return self._rows.all()


class MemoryLicenses(Fake):
    """A `LicenseRepository`."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Rows[License] = Rows()

    def load(self, license_id: str) -> License | None:
        """See the port."""
        with self._call("load"):
            license_ = self._rows.get(license_id)
        return license_

    def create(self, license_: License) -> None:
        """See the port."""
        with self._call("create"):
            if not self._rows.insert(license_.license_id, license_):
                raise AlreadyExists(license_.license_id)

    def save(self, license_: License) -> None:
        """See the port."""
        with self._call("save"):
            if not self._rows.replace(license_.license_id, license_):
                raise VersionConflict(license_.license_id)

    def all(self) -> list[License]:
        """Every license, for assertions."""
        return self._rows.all()


class MemoryHeldPayments(Fake):
    """A `HeldPayments`."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Rows[HeldPayment] = Rows()

    def record_once(self, held: HeldPayment) -> bool:
        """See the port."""
        with self._call("record_once"):
            is_new = self._rows.insert((held.provider, held.transaction_id), held)
        return is_new

    def load(self, provider: str, transaction_id: str) -> HeldPayment | None:
        """See the port."""
        with self._call("load"):
            held = self._rows.get((provider, transaction_id))
        return held

    def save(self, held: HeldPayment) -> None:
        """See the port."""
        with self._call("save"):
            if not self._rows.replace((held.provider, held.transaction_id), held):
                raise VersionConflict(held.transaction_id)

    def all(self) -> Iterator[HeldPayment]:
        """See the port."""
        with self._call("all"):
            found = self._rows.all()
        return iter(found)

    def rows(self) -> list[HeldPayment]:
        """Every held payment, for assertions."""
        return self._rows.all()


class MemoryComplaints(Fake):
    """A `ComplaintRepository`."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Rows[Complaint] = Rows()

    def load(self, provider: str, complaint_id: str) -> Complaint | None:
        """See the port."""
        with self._call("load"):
            complaint = self._rows.get((provider, complaint_id))
        return complaint

    def create(self, complaint: Complaint) -> None:
        """See the port."""
        with self._call("create"):
            if not self._rows.insert((complaint.provider, complaint.complaint_id), complaint):
                raise AlreadyExists(complaint.complaint_id)

    def save(self, complaint: Complaint) -> None:
        """See the port."""
        with self._call("save"):
            if not self._rows.replace((complaint.provider, complaint.complaint_id), complaint):
                raise VersionConflict(complaint.complaint_id)

    def all(self) -> Iterator[Complaint]:
        """See the port."""
        with self._call("all"):
            found = self._rows.all()
        return iter(found)

    def rows(self) -> list[Complaint]:
        """Every complaint, for assertions."""
        return self._rows.all()

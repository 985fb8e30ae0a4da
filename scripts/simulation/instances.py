"""Instances of the functions: the use cases as bootstrap wires them, over ports that fail.

Each instance has its own clock and its own log; all share the stores and the provider.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from functions.timers.index import jobs
from scripts.auditing.access_log import LogLine
from scripts.simulation.engine import ActorClock
from scripts.simulation.ports import Crashed, OrdersPort, Port, ProviderPort, StorePort
from shared.key_set import KeySet
from shared.use_cases.claim_license import Desk
from shared.use_cases.fetch_order import Counter
from shared.use_cases.look_at_order import BackOffice
from shared.use_cases.operate import OperatorDesk
from shared.use_cases.request_refund import RefundCounter

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.engine import Engine
    from scripts.simulation.faults import Faults
    from shared.use_cases.create_order import Shop
    from shared.use_cases.record_payment import Books
    from tests.unit.use_cases.world import World

T = TypeVar("T")
SMALL_SKEW_MS = 2_000
NO_KEYS = KeySet("", "", "test", 1, 0, ())
"""What the job that watches the key set is given; here it never runs."""
FLEETS = {"create-order": 3, "notify": 3, "license-fetch": 4, "timers": 3, "admin": 1}
REPOSITORY = ("load", "create", "save")


class Gone(Exception):
    """No answer came: the request was lost, the instance died, or the answer was lost."""


class InstanceLog:
    """A `FactLog`: into the run's access log with time and function, and to the invariants."""

    def __init__(self, world: World, clock: ActorClock, lines: list[LogLine],
                 function: str) -> None:
        self._world, self._clock, self._lines = world, clock, lines
        self._function = function

    def fact(self, name: str, **fields: Any) -> None:
        """Write it."""
        at_s = self._clock.now_s()
        self._world.log.facts.append((name, fields))
        self._lines.append(LogLine(name, at_s, {**fields, "function": self._function}))


@dataclass
class Instance:
    """One instance with all that any function needs; each uses its own part."""

    clock: ActorClock
    shop: Shop
    counter: Counter
    desk: Desk
    refunds: RefundCounter
    operators: OperatorDesk
    jobs: dict[str, Any] = field(default_factory=dict)

    @property
    def books(self) -> Books:
        """Where payments are booked."""
        return self.shop.books


def build_instance(world: World, faults: Faults, lines: list[LogLine], function: str,
                   skew_ms: int) -> Instance:
    """The wiring of one instance."""
    clock = ActorClock(faults.engine, skew_ms)
    port = partial(_port, function, faults)
    store = {name: port(StorePort, name, inner, *methods) for name, inner, methods in (
        ("work", world.work, ("add", "list", "lease", "remove", "count")),
        ("licenses", world.licenses, REPOSITORY),
        ("held", world.held, ("record_once", "load", "save", "all")),
        ("payers", world.payers, ("list", "note", "forget")),
        ("ledger", world.ledger, ("enter", "lines")),
        ("days", world.days, ("load", "save")),
        ("complaints", world.complaints, (*REPOSITORY, "all")))}
    orders = port(OrdersPort, "orders", world.orders, *REPOSITORY)
    gateway = port(ProviderPort, "gateway", world.gateway, "place", "query", "close")
    refunds = port(ProviderPort, "refunds", world.refunds, "place", "query")
    bills = port(ProviderPort, "bills", world.bills, "fetch")
    complaint_desk = port(ProviderPort, "complaint_desk", world.complaint_desk,
                          "list", "read", "answer", "complete")
    books = replace(world.books, orders=orders, work=store["work"], held=store["held"],
                    clock=clock, log=InstanceLog(world, clock, lines, function))
    shop = replace(world.shop, gateway=gateway, books=books)
    counter = RefundCounter(books, store["licenses"], store["payers"], refunds)
    desks = OperatorDesk(
        counter, replace(world.held_desk, books=books, gateway=refunds),
        replace(world.complaint_room, books=books, licenses=store["licenses"],
                complaints=store["complaints"], desk=complaint_desk),
        replace(world.audit_room, books=books, bills=bills, ledger=store["ledger"],
                days=store["days"]))
    office = BackOffice(counter, gateway, store["ledger"], shop.catalogue)
    return Instance(
        clock, shop, Counter(books, gateway),
        Desk(books, store["licenses"], world.issuer, world.shop.license_keys),
        counter, desks, jobs(office=office, held=desks.held, complaints=desks.complaints,
                             audit=desks.audit, everywhere=books,
                             key_set=NO_KEYS))


def _port(function: str, faults: Faults, kind: type[Port], name: str, inner: object,
          *methods: str) -> Any:
    """A port of this function, whatever protocol it has."""
    return kind(f"{function} {name}", inner, methods, faults)


class Network:
    """The functions as others reach them: any instance answers, or nobody does."""

    def __init__(self, world: World, faults: Faults, lines: list[LogLine]) -> None:
        self._faults = faults
        self._engine: Engine = faults.engine
        self._fleets = {function: [
            build_instance(world, faults, lines, function, self._skew_ms())
            for _ in range(count)] for function, count in FLEETS.items()}

    def ask(self, function: str, act: Callable[[Instance], T]) -> T:
        """What one instance answers. Raises Gone, and whatever the use case raises."""
        faults, chance = self._faults, self._engine.random
        self._engine.sleep_ms(chance.randint(20, 80))
        if function == "license-fetch" and faults.is_down():
            faults.count("down_for_days")
            self._engine.sleep_ms(5_000)
            raise Gone
        if faults.happens("request_lost", faults.odds.request_lost):
            self._engine.sleep_ms(5_000)
            raise Gone
        answer = self.invoke(function, act)
        self._engine.sleep_ms(chance.randint(20, 80))
        if faults.happens("answer_lost", faults.odds.answer_lost):
            self._engine.sleep_ms(5_000)
            raise Gone
        return answer

    def invoke(self, function: str, act: Callable[[Instance], T]) -> T:
        """The same without a network between: what triggers do."""
        instance = self._engine.random.choice(self._fleets[function])
        try:
            return act(instance)
        except Crashed:
            raise Gone from None

    def step_a_clock(self) -> None:
        """Some instance's clock is set, forward or back."""
        function = self._engine.random.choice(sorted(self._fleets))
        instance = self._engine.random.choice(self._fleets[function])
        instance.clock.skew_ms = self._skew_ms()
        self._faults.count("clock_step")

    def _skew_ms(self) -> int:
        """Most clocks are right to a second or two; one in five is far off."""
        chance, most = self._engine.random, self._faults.odds.most_skew_ms
        if chance.random() >= 0.2:
            most = min(most, SMALL_SKEW_MS)
        return chance.randint(-most, most)

"""What happened in one run, or in many, as counts that add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.simulation.devices import Browser
    from scripts.simulation.town import Town

FOUND = {("notify", "notify"): "notify", ("license-fetch", "query"): "poll",
         ("create-order", "query"): "ordering again", ("timers", "query"): "timer",
         ("timers", "bill"): "bill", ("admin", "bill"): "bill"}


@dataclass
class Summary:
    """Counts by section. `steps` are port calls and other noted steps."""

    seeds: int = 0
    steps: int = 0
    checks: int = 0
    virtual_days: float = 0.0
    sections: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, other: Summary) -> None:
        """Count another run as well."""
        self.seeds += other.seeds
        self.steps += other.steps
        self.checks += other.checks
        self.virtual_days += other.virtual_days
        for name, counts in other.sections.items():
            self.sections.setdefault(name, Counter()).update(counts)

    def table(self) -> str:
        """For people: one line a section."""
        lines = [f"{self.seeds} seeds, {self.virtual_days:.0f} virtual days, {self.steps} steps, "
                 f"{self.checks} checks at the end of runs, none broken"]
        for name, counts in self.sections.items():
            total = sum(counts.values())
            parts = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
            lines.append(f"{name:13} {total:>7}  {parts}")
        return "\n".join(lines)


def summarize(town: Town, checks: int) -> Summary:
    """The counts of one run that is over."""
    world = town.world
    orders = world.orders.all()
    paid = Counter(_finder(line.fields) for line in town.log if line.fact == "order.paid")
    refunds = Counter(f"{refund.origin.value} {refund.state.value}"
                      for order in orders for refund in order.refunds)
    return Summary(1, town.engine.steps, checks, town.virtual_days, {
        "buyers": Counter(_end(story) for story in (
            (buyer.story.gave_up, buyer.story.license_at_ms) for buyer in town.buyers)),
        "orders": Counter(order.state.value for order in orders),
        "paid, found by": paid,
        "refunds": refunds,
        "held payments": Counter(f"{one.reason.value} {one.state.value}"
                                 for one in world.held.rows()),
        "complaints": Counter(one.state.value for one in world.complaints.rows()),
        "bill days": Counter(one.state.value for one in world.days.rows()),
        "differences": Counter(found.difference.value for one in world.days.rows()
                               for found in one.discrepancies),
        "devices": town.acts,
        "leases held": Counter(f"{browser.state()}{_why(browser)}" for family in town.families
                               for browser in family.everybody() if browser.seated_at_s),
        "faults": town.faults.counts})


def _why(browser: Browser) -> str:
    if browser.is_lost:
        return " (key lost)"
    if browser.was_refused:
        return " (refused)"
    return " (away or ended)" if browser.state() == "dark" else ""


def _finder(fields: dict[str, object]) -> str:
    function, source = str(fields.get("function")), str(fields.get("source"))
    return FOUND.get((function, source), f"{function} ({source})")


def _end(story: tuple[str, int]) -> str:
    gave_up, license_at_ms = story
    return "have a lease" if license_at_ms else gave_up or "paid, and never fetched it"

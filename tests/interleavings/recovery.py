"""What production does when the storm is over: everybody asks again, and the timer runs.

Undisturbed, and as long as there is something to do: what is then not at its end never will be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.due import LEASE_S
from shared.domain.license import DAY_S
from shared.domain.refund import RefundState
from tests.interleavings.actors import claim, notify, poll, until_answered
from tests.invariants import must

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.domain.due import Work
    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene

MOST_TIMERS = 60


def asked_again(scene: Scene, cast: Mapping[str, Act]) -> None:
    """Everybody who got no good answer asks again; a claim last, when the payment is known."""
    for name in sorted(cast, key=lambda it: (it.startswith("claim"), it)):
        if not scene.told(name):
            until_answered(scene, cast[name])


def _pending(scene: Scene) -> list[Work]:
    """What is not at its end; what waits for a person is only looked at once a day."""
    tomorrow_s = scene.clock.now_s() + DAY_S // 2
    return [row for row in scene.work.rows()
            if not (row.kind == "held" and row.due_at_s > tomorrow_s)]


def run_timers(scene: Scene) -> None:
    """Let time pass until the work list has nothing left but what waits for a person."""
    for _ in range(MOST_TIMERS):
        rows = _pending(scene)
        if not rows:
            return
        next_s = min(max(row.due_at_s, row.leased_until_s) for row in rows)
        scene.clock.advance_s(max(0, next_s - scene.clock.now_s()))
        scene.run_timer()
    must(False, "I12", "the timer never comes to an end")


def purchase_goes_on(cast: Mapping[str, Act]) -> Callable[[Scene], None]:
    """Everybody asks again; the page polls, and takes its license; the timer runs."""

    def recover(scene: Scene) -> None:
        asked_again(scene, cast)
        if until_answered(scene, poll).payment is not None:
            until_answered(scene, claim)
        run_timers(scene)

    return recover


def misfit_stays(cast: Mapping[str, Act]) -> Callable[[Scene], None]:
    """Everybody asks again, and the timer too; a payment that does not fit is for a person."""

    def recover(scene: Scene) -> None:
        asked_again(scene, cast)
        until_answered(scene, poll)
        scene.run_timers_for(3 * LEASE_S, every_s=LEASE_S)

    return recover


def refund_goes_on(cast: Mapping[str, Act], end: RefundState = RefundState.SUCCEEDED,
                   notifies: bool = True) -> Callable[[Scene], None]:
    """Everybody asks again; the timer sends what is reserved; the provider settles it, and
    tells (or does not: then the timer asks).
    """

    def recover(scene: Scene) -> None:
        asked_again(scene, cast)
        for _ in range(MOST_TIMERS):
            _settle(scene, end, notifies)
            rows = _pending(scene)
            if not rows:
                break
            next_s = min(max(row.due_at_s, row.leased_until_s) for row in rows)
            scene.clock.advance_s(max(0, next_s - scene.clock.now_s()))
            scene.run_timer()
        must(not _pending(scene), "I12", "the timer never comes to an end")
        until_answered(scene, poll)

    return recover


def _settle(scene: Scene, end: RefundState, notifies: bool) -> None:
    for number, back in list(scene.refunds.refunds.items()):
        if back.state is RefundState.PROCESSING:
            scene.facts["settled"] = scene.refunds.settle(number, end)
            if notifies:
                until_answered(scene, notify("settled"))

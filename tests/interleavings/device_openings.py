"""Where the scenes of devices begin: how many have a slot, who waits, and what day it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.calendar import DAY_S, day_of, start_of
from shared.domain.device import MOST_SWAPS, TAKEOVER_WAIT_S, VOICE_AFTER_S
from shared.errors import Conflict
from shared.use_cases.reconcile_day import READY_AFTER_S, reconcile_day
from tests.fakes.samples import LICENSE_KEYS
from tests.interleavings import openings
from tests.interleavings.device_actors import (
    FIFTH,
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    claims,
    refreshes,
    removes,
    restores,
)
from tests.interleavings.ends import license_of, order_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.scene import Scene

MOST_LOOKS = 3


def booked(scene: Scene) -> None:
    """Paid and in the books; no device yet, and the timer has nothing left to do."""
    openings.booked(scene)
    order = order_of(scene)
    scene.facts["license_id"] = order.license_id
    scene.facts["license_key"] = LICENSE_KEYS.key_of(order.order_id, order.license_id)
    for _ in range(MOST_LOOKS):
        scene.run_timer()


def active(*devices: int, days: int = 3) -> Callable[[Scene], None]:
    """The first of these claimed, the others restored; after three days all have a voice."""

    def prepare(scene: Scene) -> None:
        booked(scene)
        first, *others = devices
        claims(first)(scene)
        for place in others:
            restores(place)(scene)
        _pass(scene, days * DAY_S)

    return prepare


def _pass(scene: Scene, duration_s: int) -> None:
    """Time passes; the bill of the day of payment comes and agrees."""
    payment = order_of(scene).payment
    assert payment is not None
    scene.clock.advance_s(duration_s)
    day = day_of(payment.paid_at_s)
    if not scene.days.rows() and scene.clock.now_s() > start_of(day) + READY_AFTER_S:
        reconcile_day(day, scene.audit_room, actor="system")


def one_dark(scene: Scene) -> None:
    """All slots are taken; the third device has not been seen for so long that it is dark."""
    active(FIRST, SECOND, THIRD)(scene)
    for _ in range(6):
        _pass(scene, 4 * DAY_S)
        for place in (FIRST, SECOND):
            refreshes(place)(scene)


def asked(scene: Scene) -> None:
    """All slots are taken, and the fourth device asks for the second one's."""
    active(FIRST, SECOND, THIRD)(scene)
    try:
        restores(FOURTH, replaces=SECOND)(scene)
    except Conflict:
        takeover = license_of(scene).takeover
        assert takeover is not None
        scene.facts["takeover_id"] = takeover.takeover_id


def ripe(scene: Scene) -> None:
    """The same, and nobody objected in time."""
    asked(scene)
    _pass(scene, TAKEOVER_WAIT_S)


def one_swap_left(scene: Scene) -> None:
    """All slots are taken, and one device may still be taken off."""
    active(FIRST, SECOND)(scene)
    for _ in range(MOST_SWAPS - 1):
        restores(FIFTH)(scene)
        _pass(scene, VOICE_AFTER_S)
        removes(FIRST, FIFTH)(scene)
        for place in (FIRST, SECOND):
            refreshes(place)(scene)
    restores(THIRD)(scene)
    _pass(scene, VOICE_AFTER_S)


def no_swap_left(scene: Scene) -> None:
    """As many devices were taken off as may be, and one has just come by the order's number."""
    one_swap_left(scene)
    removes(FIRST, THIRD)(scene)
    restores(THIRD)(scene)


def one_is_new(scene: Scene) -> None:
    """One device for days, and one that has just come by the order's number."""
    active(FIRST)(scene)
    restores(SECOND)(scene)


def before_midnight(scene: Scene) -> None:
    """Two devices, some days later, and the UTC day is about to end."""
    active(FIRST, SECOND, days=2)(scene)
    left_s = DAY_S - scene.clock.now_s() % DAY_S
    scene.clock.advance_s(left_s - 1)

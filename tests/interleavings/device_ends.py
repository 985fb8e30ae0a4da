"""How the scenes of devices may end, besides what must hold of every row at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.device import MOST_SWAPS, TAKEOVER_WAIT_S
from shared.domain.license import Standing
from tests.interleavings.device_actors import (
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    active,
    kinds,
)
from tests.interleavings.device_rows import check_devices
from tests.interleavings.ends import license_of
from tests.invariants import must

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.scene import Scene

ALL = {FIRST, SECOND, THIRD}
SWAPPED = {FIRST, THIRD, FOURTH}


def one_of(*allowed: set[int]) -> Callable[[Scene], None]:
    """Exactly one of these sets of devices has the slots."""

    def check(scene: Scene) -> None:
        check_devices(scene)
        must(license_of(scene).standing is Standing.ACTIVE, "I5", "nothing was refunded")
        must(active(scene) in allowed, "I19", f"active in the end: {sorted(active(scene))}")

    return check


def one_more(*before: int, of: tuple[int, ...]) -> Callable[[Scene], None]:
    """Those that were there, and exactly one of the others."""
    return one_of(*({*before, one} for one in of))


def decided_once(scene: Scene) -> None:
    """Approved and swapped, or objected to and all as it was."""
    one_of(ALL, SWAPPED)(scene)
    told = [kind for kind in kinds(scene) if kind in ("takeover_approved", "takeover_objected")]
    wanted = ["takeover_approved" if FOURTH in active(scene) else "takeover_objected"]
    must(told == wanted, "I24", f"decided {told}, and active are {sorted(active(scene))}")


def swapped_or_objected(scene: Scene) -> None:
    """The new device waited long enough and has the slot; or one objected before it came."""
    one_of(ALL, SWAPPED)(scene)
    must((FOURTH in active(scene)) is not ("takeover_objected" in kinds(scene)), "I24",
         "objected to, and swapped")
    events = {event.kind: event for event in license_of(scene).history.events}
    must(FOURTH not in active(scene) or events["device_activated"].at_s
         >= events["takeover_asked"].at_s + TAKEOVER_WAIT_S, "I24", "swapped too early")


def at_the_swap_limit(scene: Scene) -> None:
    """One of the two removals happened, and no more may."""
    one_of({FIRST, SECOND}, {FIRST, THIRD})(scene)
    must(kinds(scene).count("device_removed") == MOST_SWAPS, "I26", "not as many as may be")


def one_is_left(scene: Scene) -> None:
    """Of two that remove each other one was first, and the other asked in vain."""
    one_of({FIRST, THIRD}, {SECOND, THIRD})(scene)


def forgotten(scene: Scene) -> None:
    """Of the devices before none is left; who knows the number may have come after."""
    one_of(set(), {THIRD})(scene)
    must("devices_forgotten" in kinds(scene), "I27", "never forgotten")


def claimed_by(*allowed: int) -> Callable[[Scene], None]:
    """One device, by the claim secret."""

    def check(scene: Scene) -> None:
        one_of(*({place} for place in allowed))(scene)
        must(kinds(scene).count("device_activated") == 1, "I23", "activated more than once")

    return check

"""What devices do in the stories: ask for leases and slots, and decide about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.device import Wanted, Way
from shared.errors import TongbaoError
from shared.use_cases.claim_license import HandedOver
from shared.use_cases.manage_devices import decide_takeover, remove_device
from shared.use_cases.refresh_lease import refresh_lease
from shared.use_cases.restore_license import Claim, restore_license
from tests.crash_points.stage import Stage, is_refused
from tests.fakes.samples import LICENSE_KEYS
from tests.invariants import must
from tests.invariants.leases import begun, handed_over
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.domain.order import Order

THIRD, FOURTH, FIFTH = (Wanted(f"{name}-device-".ljust(43, "A"), "chrome/linux")
                        for name in ("third", "fourth", "fifth"))
NUMBER, KEY = Way.ORDER_NUMBER, Way.LICENSE_KEY
DAY_S = 86_400


def license_row(stage: Stage, order: Order) -> License:
    """The license as it is stored."""
    return next(one for one in stage.licenses.all() if one.license_id == order.license_id)


def name_of(stage: Stage, order: Order, wanted: Wanted) -> str:
    """The id of this device's slot."""
    return next(one.device_id for one in license_row(stage, order).devices
                if one.thumbprint == wanted.thumbprint)


def has_slot(stage: Stage, order: Order, wanted: Wanted) -> bool:
    """Whether this device has a slot."""
    return any(one.thumbprint == wanted.thumbprint for one in license_row(stage, order).devices)


def refresh(stage: Stage, order: Order, wanted: Wanted = DEVICE) -> HandedOver:
    """A device asks for its next lease until it has it."""
    answer = stage.until_answered("device", lambda: try_refresh(stage, order, wanted), _is_handed)
    assert isinstance(answer, HandedOver)
    return answer


def refresh_refused(stage: Stage, order: Order, code: str, wanted: Wanted = DEVICE) -> None:
    """A device asks for its next lease, and is told why there is none."""
    stage.until_answered("device", lambda: try_refresh(stage, order, wanted), is_refused(code))


def try_refresh(stage: Stage, order: Order, wanted: Wanted) -> HandedOver:
    """One try; the lease must be right at the moment at which it leaves."""
    before = begun(stage, order.order_id)
    handed = refresh_lease(order.license_id, wanted.thumbprint, stage.desk())
    handed_over(stage, stage.outside, handed, wanted.thumbprint, before, activates=False)
    return handed


def restore(stage: Stage, order: Order, wanted: Wanted, way: Way = NUMBER,
            replaces: str | None = None) -> HandedOver:
    """A new device asks for the license until it has it."""
    answer = stage.until_answered("new device", lambda: try_restore(
        stage, order, wanted, way, replaces), _is_handed)
    assert isinstance(answer, HandedOver)
    return answer


def restore_refused(stage: Stage, order: Order, wanted: Wanted, code: str, way: Way = NUMBER,
                    replaces: str | None = None) -> TongbaoError:
    """A new device asks for the license, and is told why not."""
    answer = stage.until_answered("new device", lambda: try_restore(
        stage, order, wanted, way, replaces), is_refused(code))
    assert isinstance(answer, TongbaoError)
    return answer


def try_restore(stage: Stage, order: Order, wanted: Wanted, way: Way = NUMBER,
                replaces: str | None = None) -> HandedOver:
    """One try of a new device."""
    before = begun(stage, order.order_id)
    if replaces is not None:
        stage.outside.asked.setdefault((order.license_id, wanted.thumbprint, replaces),
                                       stage.clock.now_s())
    typed = order.out_trade_no if way is NUMBER else LICENSE_KEYS.new(order.order_id)
    handed = restore_license(Claim(way, typed, replaces), wanted, stage.desk())
    handed_over(stage, stage.outside, handed, wanted.thumbprint, before, activates=True)
    return handed


def fill(stage: Stage, order: Order) -> None:
    """The license, already on its first device, gets to two others: then it is full."""
    restore(stage, order, OTHER_DEVICE)
    restore(stage, order, THIRD, KEY)


def remove(stage: Stage, order: Order, device_id: str, by: Wanted) -> Any:
    """An active device takes one off the license, until it is certain."""
    def act() -> License:
        _note(stage, order, "remove", device_id, by)
        return remove_device(order.license_id, by.thumbprint, device_id, stage.desk())
    after = stage.until_answered("device", act)
    row = license_row(stage, order)
    is_told = not isinstance(after, TongbaoError)
    must(not is_told or all(one.device_id != device_id for one in row.devices), "I7",
         "removed, and it still has its slot")
    return after


def decide_slot(stage: Stage, order: Order, by: Wanted, *, approve: bool) -> Any:
    """An active device approves what it is shown, or objects, until it is certain."""
    takeover = license_row(stage, order).takeover
    assert takeover is not None

    def act() -> License:
        verb = "approve" if approve else "object"
        _note(stage, order, verb, takeover.takeover_id, by)
        return decide_takeover(order.license_id, by.thumbprint, takeover.takeover_id,
                               approve=approve, desk=stage.desk())
    return stage.until_answered("device", act)


def _note(stage: Stage, order: Order, verb: str, subject: str, by: Wanted) -> None:
    """Only the word of a device with a slot counts: of others, once it had it three days."""
    now_s = stage.clock.now_s()
    for one in license_row(stage, order).devices:
        if one.thumbprint == by.thumbprint and (
                one.way is Way.CLAIM or one.activated_at_s + 3 * DAY_S <= now_s
                or (verb, one.device_id) == ("remove", subject)):
            stage.outside.words.add((verb, subject))


def _is_handed(answer: Any) -> bool:
    return isinstance(answer, HandedOver)

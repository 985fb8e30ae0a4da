"""Stories of slots: restored into a free or a dark one, asked for, objected to, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.use_cases import operate
from shared.use_cases.forget_buyer import forget_buyer
from shared.use_cases.operate import OperatorDesk
from tests.crash_points.acts import HOUR_S, buy, claim, pay, place, poll_until_paid
from tests.crash_points.devices import (
    DAY_S,
    FIFTH,
    FOURTH,
    KEY,
    THIRD,
    decide_slot,
    fill,
    has_slot,
    name_of,
    refresh,
    refresh_refused,
    remove,
    restore,
    restore_refused,
    try_restore,
)
from tests.crash_points.stories import story
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE

if TYPE_CHECKING:
    from shared.domain.device import Wanted
    from shared.domain.order import Order
    from tests.crash_points.stage import Stage

WAIT_S = 72 * HOUR_S
NOT_ACTIVE, TOO_NEW, FULL = "DEVICE_NOT_ACTIVE", "DEVICE_TOO_NEW", "DEVICE_LIMIT_REACHED"
WAITS, BARRED = "TAKEOVER_WAITS", "RESTORE_BARRED"


@story("restore: by order number, a free slot")
def _by_number(stage: Stage) -> None:
    order = buy(stage)
    restore(stage, order, OTHER_DEVICE)
    restore(stage, order, OTHER_DEVICE)
    refresh(stage, order, OTHER_DEVICE)


@story("restore: by license key, a free slot")
def _by_key(stage: Stage) -> None:
    order = buy(stage)
    stage.let_days_pass(DAY_S)
    restore(stage, order, OTHER_DEVICE, KEY)
    refresh(stage, order, OTHER_DEVICE)


@story("restore: before the page claims")
def _before(stage: Stage) -> None:
    """The order number is in the buyer's bill at once; the secret is still good for its one."""
    order = place(stage)
    stage.tell(pay(stage, order))
    poll_until_paid(stage, order)
    restore(stage, order, OTHER_DEVICE)
    claim(stage, order)


@story("restore: into a dark slot")
def _dark(stage: Stage) -> None:
    order = _full(stage)
    stage.let_days_pass(9 * DAY_S)
    refresh(stage, order, OTHER_DEVICE)
    refresh(stage, order, THIRD)
    restore_refused(stage, order, FOURTH, FULL)
    stage.let_days_pass(9 * DAY_S)
    restore(stage, order, FOURTH)
    refresh_refused(stage, order, NOT_ACTIVE)
    refresh(stage, order, OTHER_DEVICE)
    restore_refused(stage, order, DEVICE, FULL)


@story("restore: a dark device comes back to its slot")
def _back(stage: Stage) -> None:
    order = _full(stage)
    stage.let_days_pass(20 * DAY_S)
    refresh(stage, order)
    restore(stage, order, FOURTH, KEY)
    refresh(stage, order)
    refresh_refused(stage, order, NOT_ACTIVE, _gone(stage, order))


@story("restore: the license is full")
def _limit(stage: Stage) -> None:
    order = _full(stage)
    refusal = restore_refused(stage, order, FOURTH, FULL)
    assert refusal.details is not None
    assert len(refusal.details["devices"]) == 3
    refresh(stage, order)


@story("restore: two at once for the last slot")
def _last_slot(stage: Stage) -> None:
    order = buy(stage)
    restore(stage, order, OTHER_DEVICE)
    stage.faults.arrange("before", "licenses", "save",
                         lambda: try_restore(stage, order, FOURTH, KEY))
    restore_refused(stage, order, THIRD, FULL)
    refresh(stage, order, FOURTH)


@story("takeover: asked, approved")
def _approved(stage: Stage) -> None:
    order = _full(stage)
    _ask(stage, order, FOURTH, OTHER_DEVICE)
    decide_slot(stage, order, DEVICE, approve=True)
    restore(stage, order, FOURTH)
    refresh_refused(stage, order, NOT_ACTIVE, OTHER_DEVICE)
    refresh(stage, order)


@story("takeover: approved by a device that is too new")
def _too_new(stage: Stage) -> None:
    """Who came by a posted bill may not clear out the others, until they had three days."""
    order = _full(stage)
    _ask(stage, order, FOURTH, DEVICE)
    refused = decide_slot(stage, order, OTHER_DEVICE, approve=True)
    assert refused.code == TOO_NEW
    refused = remove(stage, order, name_of(stage, order, DEVICE), OTHER_DEVICE)
    assert refused.code == TOO_NEW
    restore_refused(stage, order, FOURTH, WAITS)
    refresh(stage, order)


@story("takeover: asked, objected to")
def _objected(stage: Stage) -> None:
    order = _full(stage)
    _ask(stage, order, FOURTH, DEVICE)
    stage.let_days_pass(DAY_S)
    decide_slot(stage, order, DEVICE, approve=False)
    stage.let_days_pass(WAIT_S)
    restore_refused(stage, order, FOURTH, BARRED,
                    replaces=name_of(stage, order, DEVICE))
    refresh(stage, order)


@story("takeover: ripe after 72 hours")
def _ripe(stage: Stage) -> None:
    order = _full(stage)
    replaces = _ask(stage, order, FOURTH, DEVICE)
    stage.let_days_pass(WAIT_S - 2 * HOUR_S)
    restore_refused(stage, order, FOURTH, WAITS, replaces=replaces)
    stage.let_pass(2 * HOUR_S)
    restore(stage, order, FOURTH)
    refresh_refused(stage, order, NOT_ACTIVE)


@story("takeover: the key comes after a number")
def _outbid(stage: Stage) -> None:
    """Who has the license key need not wait for who has a screenshot, but for three days."""
    order = _full(stage)
    replaces = _ask(stage, order, FOURTH, DEVICE)
    stage.let_days_pass(WAIT_S - 2 * HOUR_S)
    restore_refused(stage, order, FIFTH, WAITS, KEY, replaces)
    stage.let_pass(2 * HOUR_S)
    restore_refused(stage, order, FIFTH, WAITS, KEY, replaces)
    restore_refused(stage, order, FOURTH, "TAKEOVER_BUSY", replaces=replaces)
    stage.let_days_pass(WAIT_S)
    restore(stage, order, FIFTH, KEY, replaces)


@story("takeover: its device goes by itself")
def _void(stage: Stage) -> None:
    """The request ends with the device that it names; another one can be made."""
    order = _full(stage)
    replaces = _ask(stage, order, FOURTH, DEVICE)
    remove(stage, order, replaces, DEVICE)
    restore(stage, order, FIFTH, KEY)
    stage.let_days_pass(WAIT_S)
    restore_refused(stage, order, FOURTH, FULL)
    replaces = _ask(stage, order, FOURTH, OTHER_DEVICE)
    stage.let_days_pass(WAIT_S)
    restore(stage, order, FOURTH, replaces=replaces)


@story("takeover: objected to while it ripens")
def _photo_finish(stage: Stage) -> None:
    """The objection is stored just before the swap: the swap must not happen."""
    order = _full(stage)
    replaces = _ask(stage, order, FOURTH, DEVICE)
    stage.let_days_pass(WAIT_S)
    stage.faults.arrange("before", "licenses", "save",
                         lambda: decide_slot(stage, order, DEVICE, approve=False))
    restore_refused(stage, order, FOURTH, BARRED, replaces=replaces)
    refresh(stage, order)


@story("removal: by another device")
def _removed(stage: Stage) -> None:
    order = _full(stage)
    stage.let_days_pass(WAIT_S)
    remove(stage, order, name_of(stage, order, THIRD), OTHER_DEVICE)
    refresh_refused(stage, order, NOT_ACTIVE, THIRD)
    restore(stage, order, FOURTH)


@story("removal: of a device that nobody asked in")
def _unwelcome(stage: Stage) -> None:
    """It came by a number, which is worth nothing from then on; the license key still is."""
    order = buy(stage)
    restore(stage, order, OTHER_DEVICE)
    stage.let_days_pass(DAY_S)
    remove(stage, order, name_of(stage, order, OTHER_DEVICE), DEVICE)
    refresh_refused(stage, order, NOT_ACTIVE, OTHER_DEVICE)
    restore_refused(stage, order, THIRD, BARRED)
    restore(stage, order, THIRD, KEY)


@story("removal: by itself")
def _left(stage: Stage) -> None:
    order = buy(stage)
    restore(stage, order, OTHER_DEVICE)
    remove(stage, order, name_of(stage, order, DEVICE), DEVICE)
    refresh_refused(stage, order, NOT_ACTIVE)
    refresh(stage, order, OTHER_DEVICE)


@story("removal: by an operator")
def _by_operator(stage: Stage) -> None:
    order = _full(stage)
    name = name_of(stage, order, DEVICE)
    desk = OperatorDesk(stage.refund_counter, stage.held_desk, stage.complaint_room,
                        stage.audit_room)
    stage.until_answered("operator", lambda: operate.remove_device(
        order.out_trade_no, name, desk, name="anna"))
    refresh_refused(stage, order, NOT_ACTIVE)
    restore(stage, order, FOURTH)


@story("removal: the buyer is forgotten")
def _forgotten(stage: Stage) -> None:
    order = _full(stage)
    stage.until_answered("operator", lambda: forget_buyer(
        order.order_id, stage.refund_counter, actor="operator:anna", source="admin"))
    for wanted in (DEVICE, THIRD):
        refresh_refused(stage, order, NOT_ACTIVE, wanted)
    restore(stage, order, DEVICE)


@story("removal: while it is refreshed")
def _removed_meanwhile(stage: Stage) -> None:
    order = buy(stage)
    restore(stage, order, OTHER_DEVICE)
    stage.let_days_pass(DAY_S)
    name = name_of(stage, order, OTHER_DEVICE)
    stage.faults.arrange("before", "licenses", "save",
                         lambda: remove(stage, order, name, DEVICE))
    refresh_refused(stage, order, NOT_ACTIVE, OTHER_DEVICE)


@story("removal: once too often")
def _too_many(stage: Stage) -> None:
    order = buy(stage)
    for _ in range(5):
        restore(stage, order, OTHER_DEVICE)
        stage.let_days_pass(WAIT_S)
        remove(stage, order, name_of(stage, order, OTHER_DEVICE), OTHER_DEVICE)
    restore(stage, order, OTHER_DEVICE)
    stage.let_days_pass(WAIT_S)
    refused = remove(stage, order, name_of(stage, order, OTHER_DEVICE), OTHER_DEVICE)
    assert refused.code == "DEVICE_SWAP_LIMIT"
    refresh(stage, order, OTHER_DEVICE)


def _full(stage: Stage) -> Order:
    order = buy(stage)
    fill(stage, order)
    return order


def _ask(stage: Stage, order: Order, wanted: Wanted, for_slot_of: Wanted) -> str:
    replaces = name_of(stage, order, for_slot_of)
    restore_refused(stage, order, wanted, WAITS, replaces=replaces)
    return replaces


def _gone(stage: Stage, order: Order) -> Wanted:
    return next(one for one in (OTHER_DEVICE, THIRD) if not has_slot(stage, order, one))

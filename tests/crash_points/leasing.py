"""Stories of leases: the first one, the next ones, across midnights and keys, and their end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.domain.catalogue import Catalogue
from shared.domain.order import OrderState
from shared.secret import Secret
from shared.use_cases.hold_order import hold_order, release_order
from shared.use_cases.request_refund import request_own_refund
from tests.crash_points.acts import (
    HOUR_S,
    ask_back,
    buy,
    claim,
    give_back,
    settle,
    try_claim,
    wait_placed,
    wait_until,
)
from tests.crash_points.devices import (
    DAY_S,
    FOURTH,
    KEY,
    THIRD,
    decide_slot,
    fill,
    license_row,
    name_of,
    refresh,
    refresh_refused,
    restore,
    restore_refused,
    try_refresh,
)
from tests.crash_points.stage import is_refused
from tests.crash_points.stories import story
from tests.fakes.issuer import ISSUER
from tests.invariants import must
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE, SECRET

if TYPE_CHECKING:
    from shared.domain.lease import Window
    from shared.domain.license import License
    from shared.domain.order import Order, Payment
    from shared.license_ports import IssuedLease
    from tests.crash_points.stage import Stage
    from tests.fakes.script import Script

SHORT_DAYS = 10


@story("lease: the same device twice")
def _twice(stage: Stage) -> None:
    order = buy(stage)
    first, again = claim(stage, order), claim(stage, order)
    must(first.lease == again.lease, "I25", "asked twice on one day, and two leases")


@story("lease: the secret on a second device")
def _one_device(stage: Stage) -> None:
    order = buy(stage)
    stage.until_answered("page", lambda: try_claim(stage, order.order_id, OTHER_DEVICE),
                         is_refused("CLAIM_SECRET_USED"))


@story("lease: refreshed on the same day")
def _same_day(stage: Stage) -> None:
    order = buy(stage)
    stage.let_pass(HOUR_S)
    refresh(stage, order)


@story("lease: refreshed on the next day")
def _next_day(stage: Stage) -> None:
    order = buy(stage)
    stage.let_days_pass(DAY_S)
    refresh(stage, order)


@story("lease: refreshed after half its life")
def _half_life(stage: Stage) -> None:
    order = buy(stage)
    for days in (2, 6, 7):
        stage.let_days_pass(days * DAY_S)
        refresh(stage, order)


@story("lease: being signed, then ready")
def _pending(stage: Stage) -> None:
    order = buy(stage)
    stage.fake_issuer.is_pending = True
    stage.let_days_pass(DAY_S)
    assert refresh(stage, order).lease is None
    stage.fake_issuer.is_pending = False
    assert refresh(stage, order).lease is not None


@story("lease: midnight between its row and its signature")
def _midnight(stage: Stage) -> None:
    order = buy(stage)
    stage.let_days_pass(DAY_S)
    midnight_s = (stage.clock.now_s() // DAY_S + 1) * DAY_S
    stage.let_days_pass(midnight_s - 1 - stage.clock.now_s())
    stage.faults.arrange("after", "licenses", "save", lambda: stage.clock.advance_s(2))
    refresh(stage, order)


@story("lease: the last of its license")
def _last(stage: Stage) -> None:
    product = replace(stage.shop.catalogue.products["reader-pro"], term_days=SHORT_DAYS)
    stage.shop = replace(stage.shop, catalogue=Catalogue("short", {"reader-pro": product}))
    order = buy(stage)
    stage.let_days_pass((SHORT_DAYS - 1) * DAY_S)
    refresh(stage, order)
    stage.let_days_pass(DAY_S)
    refresh_refused(stage, order, "LICENSE_EXPIRED")
    restore_refused(stage, order, OTHER_DEVICE, "LICENSE_EXPIRED")


@story("lease: the key is changed between two")
def _rotated(stage: Stage) -> None:
    """On the same day, so that the next key has the very same lease to sign; then a day on."""
    stage.issuer = Signer("k1", stage.fake_issuer.script)
    order = buy(stage)
    before = refresh(stage, order)
    stage.issuer = Signer("k2", stage.fake_issuer.script)
    after = refresh(stage, order)
    must(before.lease != after.lease, "I0", "the key was not changed")
    stage.let_days_pass(DAY_S)
    refresh(stage, order)
    restore(stage, order, OTHER_DEVICE)


class Signer:
    """The real issuer, with a key of its own for each `kid`; each lease is a step that can fail."""

    def __init__(self, kid: str, script: Script) -> None:
        seed = kid.encode().hex().ljust(43, "A")
        self._script = script
        self._issuer = Ed25519LicenseIssuer(kid, Secret("seed", seed), ISSUER)

    def issue(self, license_: License, thumbprint: str, window: Window) -> IssuedLease:
        """See the port."""
        self._script.enter("issue")
        lease = self._issuer.issue(license_, thumbprint, window)
        self._script.leave("issue")
        return lease

    def receipt(self, order: Order, payment: Payment) -> str | None:
        """See the port."""
        return self._issuer.receipt(order, payment)


@story("lease: refunded while two devices hold one")
def _refunded(stage: Stage) -> None:
    order = buy(stage)
    restore(stage, order, OTHER_DEVICE, KEY)
    stage.let_days_pass(2 * DAY_S)
    refresh(stage, order, OTHER_DEVICE)
    ask_back(stage, order)
    ends = {one.thumbprint: one.dark_at_s for one in license_row(stage, order).devices}
    for wanted in (DEVICE, OTHER_DEVICE):
        refresh_refused(stage, order, "LICENSE_SUSPENDED", wanted)
    stage.tell(settle(stage, wait_placed(stage, order)))
    for wanted in (DEVICE, OTHER_DEVICE):
        refresh_refused(stage, order, "LICENSE_REVOKED", wanted)
    restore_refused(stage, order, THIRD, "LICENSE_REVOKED", KEY)
    must(ends == {one.thumbprint: one.dark_at_s for one in license_row(stage, order).devices},
         "I22", "what is known of a device changed after its license ended")
    stage.let_days_pass(max(ends.values()) - stage.clock.now_s())
    must(all(lease.dark_at_s <= stage.clock.now_s() for lease in stage.outside.leases), "I22",
         "a device goes on for longer than its row says")


@story("lease: refunded in the console, unheard of")
def _console(stage: Stage) -> None:
    """Until the bill tells us, leases are good; from then on there is none."""
    order = buy(stage)
    stage.let_pass(300)
    stage.refunds.console_refund(order.out_trade_no)
    refresh(stage, order)
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED, 48 * HOUR_S)
    refresh_refused(stage, order, "LICENSE_REVOKED")


@story("lease: refunded while it is refreshed")
def _raced(stage: Stage) -> None:
    """The refresh read the order before; what the refund wrote since then must stand."""
    order = buy(stage)
    stage.let_days_pass(DAY_S)
    stage.outside.refund_keys[order.order_id] = {"r1"}
    stage.faults.arrange("after", "orders", "load", lambda: request_own_refund(
        order.order_id, SECRET, "r1", stage.refund_counter))
    stage.attempt("device", lambda: try_refresh(stage, order, DEVICE))
    ask_back(stage, order)
    refresh_refused(stage, order, "LICENSE_SUSPENDED")
    stage.tell(settle(stage, wait_placed(stage, order)))
    refresh_refused(stage, order, "LICENSE_REVOKED")


@story("lease: a part refunded")
def _part(stage: Stage) -> None:
    order = buy(stage)
    give_back(stage, order, replace(order.price, amount_minor=3_000), "p1")
    stage.tell(settle(stage, wait_placed(stage, order)))
    stage.let_days_pass(DAY_S)
    refresh(stage, order)
    restore(stage, order, OTHER_DEVICE)


@story("lease: held back, and let go")
def _held(stage: Stage) -> None:
    order = buy(stage)
    restore(stage, order, OTHER_DEVICE)
    who = {"actor": "operator:anna", "source": "admin"}
    stage.let_days_pass(DAY_S)
    stage.until_answered("operator", lambda: hold_order(
        order.order_id, "operator", stage.books, stage.licenses, **who))
    for wanted in (DEVICE, OTHER_DEVICE):
        refresh_refused(stage, order, "LICENSE_SUSPENDED", wanted)
    restore_refused(stage, order, THIRD, "LICENSE_SUSPENDED")
    stage.until_answered("operator", lambda: release_order(
        order.order_id, "operator", stage.books, stage.licenses, **who))
    for wanted in (DEVICE, OTHER_DEVICE):
        refresh(stage, order, wanted)


@story("lease: refunded while a slot is asked for")
def _asked_and_refunded(stage: Stage) -> None:
    order = buy(stage)
    fill(stage, order)
    restore_refused(stage, order, FOURTH, "TAKEOVER_WAITS", KEY, name_of(stage, order, DEVICE))
    ask_back(stage, order)
    stage.tell(settle(stage, wait_placed(stage, order)))
    wait_until(stage, lambda: stage.stored(order).state is OrderState.REFUNDED)
    decide_slot(stage, order, DEVICE, approve=True)
    restore_refused(stage, order, FOURTH, "LICENSE_REVOKED", KEY)

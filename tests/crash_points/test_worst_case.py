"""After a refund a verifier ends each device where the license's row says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extension.verifier.tongbao_verifier import Verifier
from scripts.keyring.key_set import ACTIVE, KeySet, ListedKey, sign
from scripts.keyring.private_keys import make_root, make_signing_key
from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.domain.order import OrderState
from shared.secret import Secret
from tests.crash_points.acts import ask_back, buy, settle, wait_placed
from tests.crash_points.devices import (
    DAY_S,
    FOURTH,
    THIRD,
    license_row,
    refresh,
    refresh_refused,
    restore,
)
from tests.crash_points.stage import Stage
from tests.unit.use_cases.world import DEVICE

if TYPE_CHECKING:
    from shared.domain.device import Wanted
    from shared.domain.order import Order

SLOW_S = 3_600
WORST_DAYS = {"first week": 17, "later": 21}


class Offline:
    """A device that keeps its newest lease, and a clock an hour slow."""

    def __init__(self, stage: Stage, verifier: Verifier, wanted: Wanted, lease: str | None) -> None:
        assert lease is not None
        self._verifier, self._lease = verifier, lease
        self._stage, self.wanted = stage, wanted

    def sees(self) -> str:
        """What the seller's own verifier says to it now."""
        return self._verifier.verify_lease(
            self._lease, self._stage.clock.now_s() - SLOW_S, self.wanted.thumbprint).code


def _shop(stage: Stage) -> Verifier:
    """A shop that signs with a real key, and who trusts the root over it."""
    issuer, now_s = "tongbao:TB01", stage.clock.now_s()
    key, root = make_signing_key("test-1"), make_root()
    stage.issuer = Ed25519LicenseIssuer("test-1", Secret("seed", key.seed), issuer)
    verifier = Verifier(roots=[root.x], issuer=issuer, environment="test", product="reader-pro")
    keys = KeySet(issuer, "test", 1, now_s - DAY_S, now_s + 400 * DAY_S,
                  (ListedKey(key.kid, key.x, ACTIVE, now_s - DAY_S, None),))
    assert verifier.load_keys(sign(keys, root), now_s) == "VALID"
    return verifier


def _refund(stage: Stage, order: Order, policy_days: int) -> None:
    """The buyer asks while they may; after that the seller gives it back in the console."""
    if policy_days <= 7:
        ask_back(stage, order)
        stage.tell(settle(stage, wait_placed(stage, order)))
    else:
        stage.tell(stage.refunds.console_refund(order.out_trade_no))
    assert stage.stored(order).state is OrderState.REFUNDED


@pytest.mark.parametrize(("week", "days"), [("first week", 4), ("later", 30)])
def test_each_device_ends_when_its_row_says_and_within_the_worst_case(week: str,
                                                                      days: int) -> None:
    stage = Stage()
    verifier = _shop(stage)
    order = buy(stage)
    devices = []
    restore(stage, order, FOURTH)
    restore(stage, order, THIRD)
    for wanted in (DEVICE, FOURTH, THIRD):
        stage.let_pass(days * DAY_S // 3)
        devices.append(Offline(stage, verifier, wanted, refresh(stage, order, wanted).lease))
    learnt_at_s = stage.clock.now_s()
    _refund(stage, order, days)
    ends = {one.thumbprint: one.dark_at_s for one in license_row(stage, order).devices}
    assert len(set(ends.values())) == len(devices), "each device has an end of its own"
    for device in devices:
        end_s = ends[device.wanted.thumbprint]
        assert end_s <= learnt_at_s + WORST_DAYS[week] * DAY_S + SLOW_S
        stage.clock.advance_s(end_s - 1 - stage.clock.now_s())
        assert device.sees() == "VALID_GRACE"
        stage.clock.advance_s(1)
        assert device.sees() == "LEASE_EXPIRED"
        refresh_refused(stage, order, "LICENSE_REVOKED", device.wanted)

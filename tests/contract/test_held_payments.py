"""What every HeldPayments does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.held import HeldState, move_held
from shared.domain.history import Event
from shared.domain.payment import Mismatch
from shared.errors import VersionConflict
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from shared.domain.held import HeldPayment
    from tests.contract.worlds import Stores, World


def dismissed(held: HeldPayment, by: str = "operator:li") -> HeldPayment:
    """What an operator settled in another way."""
    return move_held(held, Event("dismissed", NOW_S + 500, by, "admin"))


def test_nothing_recorded_is_none(world: World, stores: Stores) -> None:
    held = samples.held(next(world.numbers))
    assert stores.held.load(held.provider, held.transaction_id) is None


@pytest.mark.parametrize("reason", list(Mismatch))
def test_a_held_payment_is_loaded_as_it_was(world: World, stores: Stores,
                                            reason: Mismatch) -> None:
    held = replace(samples.held(next(world.numbers)), reason=reason)
    assert stores.held.record_once(held) is True
    assert stores.held.load(held.provider, held.transaction_id) == held


@pytest.mark.parametrize("change", [{"amount": None}, {"paid_at_s": None}, {"order_id": ""}])
def test_what_is_not_known_stays_unknown(world: World, stores: Stores,
                                         change: dict[str, object]) -> None:
    held = replace(samples.held(next(world.numbers)), **change)  # type: ignore[arg-type]
    stores.held.record_once(held)
    assert stores.held.load(held.provider, held.transaction_id) == held


def test_a_transaction_is_recorded_once_and_the_first_record_stays(
        world: World, stores: Stores) -> None:
    held = samples.held(next(world.numbers))
    stores.held.record_once(held)
    later = replace(held, recorded_at_s=held.recorded_at_s + 5)
    assert stores.held.record_once(later) is False
    assert stores.held.load(held.provider, held.transaction_id) == held


def test_the_same_number_at_another_provider_is_another_payment(
        world: World, stores: Stores) -> None:
    held = samples.held(next(world.numbers))
    other = replace(held, provider="alipay")
    assert stores.held.record_once(held) is True
    assert stores.held.record_once(other) is True
    assert stores.held.load("alipay", held.transaction_id) == other


def test_what_became_of_it_comes_back(world: World, stores: Stores) -> None:
    held = samples.held(next(world.numbers))
    stores.held.record_once(held)
    asked = move_held(held, Event("refund_requested", NOW_S, "operator:li", "admin"),
                      provider_request='{"out_refund_no":"TB01"}')
    failed = move_held(asked, Event("refund_failed", NOW_S + 1, "provider", "place"))
    for version in (asked, failed, dismissed(failed)):
        stores.held.save(version)
        assert stores.held.load(held.provider, held.transaction_id) == version
    assert dismissed(failed).state is HeldState.DISMISSED


def test_only_the_first_of_two_operators_wins(world: World) -> None:
    ours, theirs = world.open(), world.open()
    held = samples.held(next(world.numbers))
    ours.held.record_once(held)
    theirs.held.save(dismissed(held, "operator:wang"))
    with pytest.raises(VersionConflict):
        ours.held.save(dismissed(held))
    assert ours.held.load(held.provider, held.transaction_id) == dismissed(held, "operator:wang")


def test_what_was_never_recorded_cannot_be_saved(world: World, stores: Stores) -> None:
    held = samples.held(next(world.numbers))
    with pytest.raises(VersionConflict):
        stores.held.save(dismissed(held))
    assert stores.held.load(held.provider, held.transaction_id) is None


def test_all_are_listed_those_that_are_settled_too(world: World, stores: Stores) -> None:
    made = [samples.held(next(world.numbers)) for _ in range(5)]
    for held in made:
        stores.held.record_once(held)
    stores.held.save(dismissed(made[0]))
    made[0] = dismissed(made[0])
    names = {held.transaction_id for held in made}
    found = [held for held in stores.held.all() if held.transaction_id in names]
    assert sorted(found, key=lambda held: held.transaction_id) == made

"""What every HeldPayments does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.domain.payment import Mismatch
from tests.fakes import samples

if TYPE_CHECKING:
    from tests.contract.worlds import Stores, World


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

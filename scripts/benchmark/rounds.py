"""Interleaving: every round runs each variant once, in an order drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

T = TypeVar("T")


def interleave(variants: Mapping[str, Callable[[], T]], rounds: int, random: Random,
               step: Callable[[], None] = lambda: None) -> dict[str, list[T]]:
    """What each variant gave, one value per round; `step` is called after each run.

    A fixed order would give one variant the caches, or the clock frequency, that another left.
    """
    found: dict[str, list[T]] = {name: [] for name in variants}
    for _ in range(rounds):
        order = list(variants)
        random.shuffle(order)
        for name in order:
            found[name].append(variants[name]())
            step()
    return found

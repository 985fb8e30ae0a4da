"""Interleaving of what is measured."""

from __future__ import annotations

from random import Random

from scripts.benchmark.rounds import interleave


def test_every_variant_runs_once_in_every_round() -> None:
    ran: list[str] = []

    def variant(name: str) -> int:
        ran.append(name)
        return len(ran)

    found = interleave({name: lambda name=name: variant(name) for name in "abc"}, 20, Random(1))

    rounds = [ran[start:start + 3] for start in range(0, 60, 3)]
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert [len(values) for values in found.values()] == [20, 20, 20]


def test_the_order_changes_from_round_to_round() -> None:
    ran: list[str] = []
    interleave({name: lambda name=name: ran.append(name) for name in "ab"}, 40, Random(2))
    assert len({tuple(ran[start:start + 2]) for start in range(0, 80, 2)}) == 2


def test_each_run_is_a_step() -> None:
    steps: list[None] = []
    interleave({"a": int, "b": int}, 3, Random(3), lambda: steps.append(None))
    assert len(steps) == 6

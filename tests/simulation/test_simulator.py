"""The simulator: a few histories in full, that a seed is one history, and that it can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulation.__main__ import main, replay_command, simulate
from scripts.simulation.engine import HOUR_MS, ActorClock, Engine
from scripts.simulation.judge import evidence_of, judge
from scripts.simulation.town import Settings, Town
from tests.architecture.sources import ROOT
from tests.invariants.ground import Broken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEEDS = range(1, 5)
ORDERS = 60


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_keeps_every_invariant(
        seed: int, record_property: Callable[[str, object], None]) -> None:
    result = simulate(seed, ORDERS)
    assert result.broken == "", replay_command(seed, ORDERS)
    assert result.summary is not None
    sections = result.summary.sections
    assert sections["buyers"]["have a lease"] > ORDERS // 4
    assert len(sections["faults"]) > 10
    record_property("counted", f"simulated seed {seed}: {ORDERS} buyers, "
                    f"{result.summary.steps} steps, {sum(sections['faults'].values())} faults")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_100))
def test_a_thousand_buyers_in_each_of_a_hundred_histories(seed: int) -> None:
    assert simulate(seed, 1_000).broken == "", replay_command(seed, 1_000)


def test_one_seed_is_one_history_and_another_seed_another() -> None:
    def digest(seed: int) -> str:
        town = Town(seed, Settings(25, quiet_ms=0))
        town.run()
        return town.engine.digest

    assert digest(1) == digest(1)
    assert digest(1) != digest(2)


def test_a_history_does_not_depend_on_how_this_process_hashes() -> None:
    code = ("from scripts.simulation.town import Settings, Town\n"
            "town = Town(3, Settings(25, quiet_ms=0)); town.run(); print(town.engine.digest)")
    digests = {subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    assert len(digests) == 1


@pytest.fixture(scope="module")
def lived() -> Town:
    """A town whose run is over, with nothing wrong in it."""
    town = Town(2, Settings(30))
    town.run()
    return town


def test_what_is_altered_behind_the_products_back_is_found(lived: Town) -> None:
    judge(lived)
    order = next(one for one in lived.world.orders.all() if one.payment is not None)
    rows = lived.world.orders._rows
    rows.put(order.order_id, replace(order, history=replace(order.history, head="0" * 64)))
    with pytest.raises(Broken):
        judge(lived)
    rows.put(order.order_id, order)
    judge(lived)


def test_the_second_checker_looks_at_everything(lived: Town) -> None:
    evidence = evidence_of(lived)
    assert evidence.books.rows > 50
    assert evidence.journal is not None
    assert len(evidence.journal.accepted) > 5
    assert evidence.log is not None
    assert {"order.paid", "license.leased"} <= {line.fact for line in evidence.log}


class WithoutTimers(Town):
    """Its timers never start."""

    def _start(self) -> None:
        self.operators.start()


class Forgetful(Town):
    """Its ledger loses some lines, however often they are entered."""

    def _furnish(self) -> None:
        super()._furnish()
        enter = self.world.ledger.enter

        def forget(line: Any) -> None:
            if int(line.number[-1], 36) % 3:
                enter(line)

        self.world.ledger.enter = forget  # type: ignore[method-assign]


@pytest.mark.parametrize(("wrong", "numbers"), [
    (WithoutTimers, {"I2", "I9"}),  # nobody finds what was paid, nobody writes the ledger
    (Forgetful, {"I9"})])
def test_a_town_that_is_wrong_is_found_out(wrong: type[Town], numbers: set[str]) -> None:
    town = wrong(1, Settings(25))
    with pytest.raises(Broken) as broken:
        town.run()
        judge(town)
    assert broken.value.number in numbers


def test_actors_meet_in_virtual_time_and_clocks_differ() -> None:
    passed: list[int] = []
    engine = Engine("x", 1_000_000, passed.append)
    seen: list[str] = []

    def actor(name: str, pause_ms: int) -> None:
        for _ in range(2):
            engine.sleep_ms(pause_ms)
            seen.append(f"{name}{engine.now_ms - 1_000_000}")

    engine.spawn(lambda: actor("a", 10))
    engine.spawn(lambda: actor("b", 15))
    engine.run(1_000_000 + HOUR_MS)
    assert seen == ["a10", "b15", "a20", "b30"]
    assert sum(passed) == HOUR_MS
    assert ActorClock(engine, -5_000).now_s() == engine.now_s - 5


def test_the_command_counts_and_says_how_to_run_a_seed_again(
        capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--orders", "8", "--seed", "3"]) == 0
    shown = capsys.readouterr().out
    assert "seed 3: digest " in shown
    assert "paid, found by" in shown
    assert main(["--orders", "8", "--seed", "3", "--trace", str(tmp_path / "trace")]) == 0
    assert " create-order orders.create " in (tmp_path / "trace").read_text("utf-8")
    assert main(["--seeds", "0"]) == 2
    assert replay_command(7, 80) == "scripts/simulate --seed 7 --orders 80"

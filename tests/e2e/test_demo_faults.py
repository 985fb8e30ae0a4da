"""scripts/demo --faults: that every act ends well, and that an act can end badly."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from emulators.wechatpay import Fault
from scripts.demo_purchase.__main__ import main
from scripts.demo_purchase.buyer import PurchaseFailed
from scripts.demo_purchase.faults import acts
from scripts.demo_purchase.faults.play import next_afternoon
from scripts.demo_purchase.faults.stage import Stage
from scripts.demo_purchase.faults.told import Teller
from scripts.demo_purchase.stack import run_stack
from scripts.demo_purchase.state import open_state
from scripts.demo_purchase.world_clock import WorldClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulators.fc import Invocation

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300


def processes_that_mention(folder: Path) -> list[str]:
    """Processes, of any parent, whose command line names something in this folder."""
    found = []
    for each in Path("/proc").iterdir():
        try:
            if each.name.isdigit() and str(folder).encode() in (each / "cmdline").read_bytes():
                found.append(each.name)
        except OSError:
            continue
    return found


def test_every_fault_is_found_and_the_demo_exits_0(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    picture = tmp_path / "faults.svg"
    demo = subprocess.run(
        [sys.executable, "-m", "scripts.demo_purchase", "--once", "--faults",
         "--picture", str(picture)], cwd=CHECKOUT, check=False, timeout=PATIENCE_S,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "TMPDIR": str(tmp_path / "temporary")})

    assert demo.returncode == 0, demo.stdout
    rows = [line.split() for line in demo.stdout.splitlines()]
    table = {row[0]: " ".join(row) for row in rows[-12:] if row[:1] in (["a"], ["b"], ["c"], ["d"])}
    for letter, found_by in (("a", "the timer"), ("b", "the repeated notify"),
                             ("c", "the next day's bill"), ("d", "the cancellation")):
        assert found_by in table[letter]
        assert "99.00 in" in table[letter]
    assert "1, revoked" in table["c"]
    assert "second checker   nothing wrong" in demo.stdout
    assert "\x1b" not in demo.stdout, "plain text where there is no terminal"
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert processes_that_mention(tmp_path) == []


def test_a_folder_is_refused_for_a_world_that_keeps_nothing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--faults", "--state", str(tmp_path / "state")])
    assert not (tmp_path / "state").exists()


class WithoutTimers(Stage):
    """A world in which nobody fires the timers."""

    def _fire(self, after_s: int, until_s: int) -> list[Invocation]:
        return []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("world")
    with WorldClock(folder / "clock") as clock:
        clock.advance_to(next_afternoon(time.time()))
        with run_stack(open_state(folder), clock=clock) as stack:
            yield Stage(stack, clock, Teller(Console(file=io.StringIO()), clock.now_s))


@pytest.fixture
def stage(world: Stage) -> Iterator[Stage]:
    yield world
    world.stack.wechatpay.clear_faults()


def test_without_a_timer_nobody_finds_the_lost_payment(stage: Stage) -> None:
    with pytest.raises(PurchaseFailed, match="the timer finds the payment"):
        acts.lose_every_notify(WithoutTimers(stage.stack, stage.clock, stage.teller))


def test_a_bill_without_the_refund_does_not_find_it(stage: Stage) -> None:
    stage.stack.wechatpay.inject(Fault("bill_missing_row", "tradebill", times=None, row=10_000))
    with pytest.raises(PurchaseFailed, match="the bill's timer finds the difference"):
        acts.refund_in_the_console(stage)


def test_the_clock_moves_for_function_instances_and_wechat_alike(stage: Stage) -> None:
    before_s = stage.now_s()
    stage.move_on(before_s + 3_000)
    sale = stage.place()
    assert 3_000 <= sale.order["created_at_s"] - before_s < 3_000 + PATIENCE_S
    at_wechat = stage.stack.wechatpay.orders[sale.out_trade_no]
    assert abs(at_wechat.created_at_s - sale.order["created_at_s"]) < PATIENCE_S

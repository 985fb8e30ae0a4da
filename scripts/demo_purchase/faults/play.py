"""Plays all acts in a world of their own, which is gone afterwards."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo_purchase.buyer import PurchaseFailed
from scripts.demo_purchase.faults.acts import ACTS
from scripts.demo_purchase.faults.second_look import look_again
from scripts.demo_purchase.faults.stage import BEIJING_AHEAD_S, Stage
from scripts.demo_purchase.faults.told import DAY_S, Teller
from scripts.demo_purchase.lease import InvalidLease
from scripts.demo_purchase.stack import run_stack
from scripts.demo_purchase.state import open_state
from scripts.demo_purchase.world_clock import WorldClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from scripts.demo_purchase.faults.told import Ending
    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.timeline import Timeline

BEGINS_AT_HOUR = 14
"""In the afternoon: no day ends within an act, and no bill is fetched before its act."""


def play_faults(timeline: Timeline) -> list[Ending]:
    """All acts, one after the other; raises PurchaseFailed at the first broken promise."""
    began = time.perf_counter()
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory()))
        clock = exits.enter_context(WorldClock(folder / "clock"))
        clock.advance_to(next_afternoon(time.time()))
        teller = Teller(timeline.console, clock.now_s)
        teller.opening()
        stack = exits.enter_context(_started(folder, timeline.console, clock))
        stage = Stage(stack, clock, teller)
        try:
            endings = [act(stage) for act in ACTS]
        except (PurchaseFailed, InvalidLease) as failed:
            raise PurchaseFailed(f"act {teller.letter}: {failed}") from None
        checks, things = look_again(stage)
        teller.table(endings)
        timeline.summary([("every promise", "kept"),
                          ("second checker", f"nothing wrong: {checks} checks over {things} rows, "
                           "calls and log lines"),
                          ("true time", f"{time.perf_counter() - began:.0f} s")])
    return endings


@contextmanager
def _started(folder: Path, console: Console, clock: WorldClock) -> Iterator[Stack]:
    with ExitStack() as exits:
        with console.status("Starting the cloud …") as status:
            stack = exits.enter_context(run_stack(
                open_state(folder), tell=lambda doing: status.update(f"{doing} …"), clock=clock))
        yield stack


def next_afternoon(now_s: float) -> int:
    """The next time that it is 14:00 in Beijing."""
    begins_s = BEGINS_AT_HOUR * 3_600 - BEIJING_AHEAD_S
    return int((now_s - begins_s) // DAY_S + 1) * DAY_S + begins_s

"""Tells the acts: who did what at which time of the emulated world, and the table at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from string import ascii_lowercase
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

BEIJING = timezone(timedelta(hours=8))
COLORS = {"buyer": "", "WeChat Pay": "green", "fault": "bold red", "notify": "magenta",
          "timer": "cyan", "create-order": "blue", "license-fetch": "blue", "merchant": "yellow",
          "clock": "dim"}
TIME_WIDTH, WHO_WIDTH = 15, 15
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True)
class Ending:
    """How an act ended: one row of the table. `after_s` counts from the payment or refund."""

    went_wrong: str
    found_by: str
    after_s: int
    grants: str
    money: str


class Teller:
    """Prints what happens as it happens. `now_s` is the world's clock."""

    def __init__(self, console: Console, now_s: Callable[[], float]) -> None:
        self._console = console
        self._now_s = now_s
        self._day = ""
        self._acts = 0

    @property
    def letter(self) -> str:
        """Of the act that is played."""
        return chr(ord("a") - 1 + self._acts)

    def opening(self) -> None:
        """What the reader is going to see."""
        self._console.print()
        self._console.print(Text.assemble(("通宝 Tongbao", "bold"), " · when things go wrong"))
        self._console.print(Text(
            "The functions are the ones that are deployed; Tablestore, WeChat Pay and Function "
            "Compute are emulators. Times are Beijing time in their world, whose clock is moved "
            "on where there is only waiting. No function knows.", style="dim"))
        self._console.print()

    def act(self, title: str, promise: str) -> None:
        """The head of the next act."""
        self._acts += 1
        self._day = ""
        self._console.print(Rule(Text.assemble((f"{self.letter}  {title}", "bold")),
                                 align="left", style="dim", characters="─"))
        self._console.print(Padding(Text(promise, style="dim"), (0, 0, 0, 3)))

    def happened(self, who: str, what: str, result: str = "", style: str = "") -> None:
        """One line: now, somebody did something, with this result."""
        is_fault = who == "fault"
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(width=TIME_WIDTH, no_wrap=True, justify="right")
        row.add_column(width=WHO_WIDTH, no_wrap=True)
        row.add_column(ratio=10)
        row.add_column(ratio=9)
        row.add_row(Text(self._clock(), style="dim"),
                    Text(f"✗ {who}" if is_fault else f"  {who}", style=COLORS[who]),
                    Text(what, style="red" if is_fault else ""), Text(result, style or "dim"))
        self._console.print(row)

    def ended(self, ending: Ending) -> None:
        """The line below an act."""
        self._console.print(Padding(Text.assemble(
            ("✓ ", "bold green"), "found by ", (ending.found_by, "bold"),
            ", after ", (duration(ending.after_s), "bold")), (0, 0, 1, 3)))

    def table(self, endings: Sequence[Ending]) -> None:
        """All acts, one row each."""
        shown = Table(box=SIMPLE_HEAD, header_style="dim", border_style="dim", expand=True,
                      pad_edge=False, collapse_padding=True)
        for name in ("", "what went wrong", "found by", "after", "grants", "money = WeChat's"):
            shown.add_column(name)
        for letter, ending in zip(ascii_lowercase, endings, strict=False):
            shown.add_row(letter, ending.went_wrong, Text(ending.found_by, style="bold"),
                          Text(duration(ending.after_s), style="yellow"), ending.grants,
                          Text(ending.money, style="green"))
        self._console.print(shown)

    def _clock(self) -> str:
        now = datetime.fromtimestamp(self._now_s(), BEIJING)
        day = beijing_day(self._now_s())
        shown = now.strftime("%H:%M:%S") if day == self._day else now.strftime("%m-%d %H:%M:%S")
        self._day = day
        return shown


def beijing_day(at_s: float) -> str:
    """Month and day."""
    return datetime.fromtimestamp(at_s, BEIJING).strftime("%m-%d")


def duration(seconds: int) -> str:
    """Hours and minutes, or minutes and seconds."""
    if seconds >= HOUR_S:
        return f"{seconds // HOUR_S} h {seconds % HOUR_S // MINUTE_S} min"
    if seconds >= MINUTE_S:
        return f"{seconds // MINUTE_S} min {seconds % MINUTE_S} s"
    return f"{seconds} s"

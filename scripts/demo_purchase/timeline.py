"""Tells the purchase in the terminal, step by step; plain text where there is no terminal."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import segno
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scripts.demo_purchase.hops import NOTIFY, TABLESTORE, WECHAT_PAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from scripts.demo_purchase.hops import Hop

_FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)
WIDTH = 96
INDENT = 5
TABLE_WIDTHS = (14, 4, 28)
QUIET_ZONE_MODULES = 4
COLORS = {TABLESTORE: "cyan", WECHAT_PAY: "green", NOTIFY: "magenta"}
HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


class Step:
    """What one step of the timeline shows; `took_ms` replaces the measured time."""

    def __init__(self) -> None:
        self.parts: list[RenderableType] = []
        self.took_ms: float | None = None
        self._facts: Table | None = None

    def show(self, part: RenderableType) -> None:
        """Add something below the step."""
        self.parts.append(part)
        self._facts = None

    def fact(self, name: str, value: str, style: str = "") -> None:
        """Add a named value, in line with those before it."""
        if self._facts is None:
            grid = Table.grid(padding=(0, 2))
            grid.add_column(no_wrap=True, min_width=14)
            self.show(grid)
            self._facts = grid
        self._facts.add_row(Text(name, style="dim"), Text(value, style=style, overflow="fold"))

    def table(self, title: str, rows: Sequence[tuple[str, str, str]]) -> None:
        """Add name, value and meaning, one row each."""
        grid = Table.grid(padding=(0, 2))
        for name, value, meaning in rows:
            grid.add_row(Text(title, style="dim"), Text(name, style="cyan"), Text(value),
                         Text(meaning, style="dim"))
            title = ""
        for column, width in zip(grid.columns, TABLE_WIDTHS, strict=False):
            column.min_width = width
        self.show(grid)

    def hops(self, hops: Sequence[Hop]) -> None:
        """Add requests that reached the services, in their order."""
        grid = _grid()
        for hop in hops:
            grid.add_row(Text("→ " + hop.service, style=COLORS[hop.service]), Text(hop.what),
                         _milliseconds(hop.took_ms),
                         Text(str(hop.status or "no answer"), style=_status_style(hop.status)))
        self.show(grid)


class Timeline:
    """Prints steps as they end. `console` may record, for a picture."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._number = 0
        self._began = time.perf_counter()
        self._known: list[tuple[float, str, str]] = []

    def opening(self, what: str) -> None:
        """What the reader is going to see."""
        self.console.print()
        self.console.print(Text.assemble(("通宝 Tongbao", "bold"), f" · {what}"))
        self.console.print(Text(
            "The functions are the ones that are deployed. Tablestore, WeChat Pay and Function "
            "Compute are emulators on this machine, so no account is needed and no money moves.",
            style="dim"))
        self.console.print()

    @contextmanager
    def step(self, title: str, why: str) -> Iterator[tuple[Step, Callable[[str], None]]]:
        """One step: says what is being done meanwhile, prints it when it has ended."""
        self._number += 1
        step, began = Step(), time.perf_counter()
        with self.console.status(f"{title} …", spinner="dots") as status:
            yield step, lambda doing: status.update(f"{title} … {doing}")
            took_ms = (time.perf_counter() - began) * 1000
        self._print(title, why, step, took_ms if step.took_ms is None else step.took_ms)

    def line(self, words: Sequence[tuple[str, str]]) -> None:
        """One line of (text, style) pairs."""
        self.console.print(Text.assemble(*words), no_wrap=True, overflow="ellipsis")

    def whole_line(self, text: str) -> None:
        """One line that is never cut or folded by us: an address to click."""
        self.console.print(Text(text, style="cyan underline"), soft_wrap=True)

    def failure(self, why: str) -> None:
        """The step that just ran could not be done."""
        where = f"✗ {self._number}  " if self._number else "✗ "
        self.console.print(Text.assemble((where, "bold red"), (why, "red")))

    def summary(self, lines: Sequence[tuple[str, str]]) -> None:
        """Numbers at the end."""
        grid = Table.grid(padding=(0, 3))
        for name, value in lines:
            grid.add_row(Text(name, style="dim"), Text(value, style="bold"))
        self.console.print(Padding(grid, (0, 0, 1, 2), expand=False))

    def knew(self, who: str, what: str) -> None:
        """Somebody knows something from now on."""
        self._known.append((time.perf_counter() - self._began, who, what))

    def who_knew_what(self) -> None:
        """All of that, in order of time."""
        grid = Table.grid(padding=(0, 2))
        for at_s, who, what in self._known:
            grid.add_row(Text(f"{at_s:5.1f} s", style="yellow"), Text(who, style="cyan"),
                         Text(what))
        self.console.print(Text("Who knew what, and from when on", style="bold"))
        self.console.print(Padding(grid, (0, 0, 1, 2), expand=False))

    def save_picture(self, path: Path, title: str) -> None:
        """Write what was recorded as SVG, without the fonts that rich would load from afar."""
        svg = self.console.export_svg(title=title)
        path.write_text(_FONT_FACE.sub("", svg), encoding="utf-8")

    def _print(self, title: str, why: str, step: Step, took_ms: float) -> None:
        head = Table.grid(expand=True)
        head.add_column(width=INDENT)
        head.add_column(ratio=1)
        head.add_column(justify="right")
        head.add_row(Text(f"✓ {self._number}", style="bold green"), Text(title, style="bold"),
                     _milliseconds(took_ms))
        self.console.print(head)
        for part in (Text(why, style="dim"), *step.parts):
            wide = isinstance(part, Table) and part.expand
            self.console.print(Padding(part, (0, 0, 0, INDENT), expand=wide))
        self.console.print()


def make_console(picture: Path | None) -> Console:
    """The terminal, never wider than one can read."""
    console = Console(record=picture is not None, highlight=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def draw_qr(text: str) -> Text:
    """A QR code of half blocks, dark on white with its quiet zone."""
    rows = [[bool(module) for module in row] for row in
            segno.make(text, error="m", micro=False).matrix_iter(border=QUIET_ZONE_MODULES)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    lines = ("".join(HALF_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
             for upper, lower in zip(rows[::2], rows[1::2], strict=True))
    return Text("\n".join(lines), style="#000000 on #ffffff", no_wrap=True)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(width=14, no_wrap=True)
    grid.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", width=9, no_wrap=True)
    return grid


def _milliseconds(took_ms: float) -> Text:
    digits = 0 if took_ms >= 10 else 1
    return Text(f"{took_ms:,.{digits}f} ms", style="yellow")


def _status_style(status: int) -> str:
    return "green" if 200 <= status < 300 else "red"

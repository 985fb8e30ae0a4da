"""Pictures of the sample, put together as sheets: three screens beside each other.

They lie in the test's own folder. Only with TONGBAO_PICTURES=1 do they replace those of
docs/pictures, and the table of extension/README.md, so that a run changes no file that is kept.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from tests.extension.built import ROOT
from tests.extension.usability import PICTURES_WANTED

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

KEPT = ROOT / "docs" / "pictures"
SCALE = 1.5
"""Pixels of a picture for each of the page: sharp on most screens, and still small."""
SCREEN = {"width": 360, "height": 600}
STILL = {"device_scale_factor": SCALE, "reduced_motion": "reduce"}
"""What a browser has to be started with."""
GAP = round(24 * SCALE)
RADIUS = round(14 * SCALE)
SMOOTH = 4
LIGHT = ((228, 224, 213), (201, 195, 179))
DARK = ((8, 10, 8), (58, 64, 55))
"""Behind the screens, and around each."""


def are_wanted() -> bool:
    """Whether what is kept in the repository is to be replaced."""
    return os.environ.get(PICTURES_WANTED) == "1"


@dataclass
class Sheet:
    """Screens that tell one story, from left to right."""

    name: str
    dark: bool = False
    screens: list[Image.Image] = field(default_factory=list)

    def take(self, page: Page) -> None:
        """Add what is to be seen of this page, as in a popup: nothing may run over the edge."""
        page.set_viewport_size(SCREEN)
        page.mouse.move(1, 1)
        page.evaluate("document.activeElement.blur(); document.fonts.ready.then(() => null)")
        assert page.evaluate("document.documentElement.scrollWidth") <= SCREEN["width"]
        with Image.open(io.BytesIO(page.screenshot())) as taken:
            self.screens.append(taken.convert("RGB"))

    def picture(self) -> Image.Image:
        """All screens on one ground, with round corners."""
        ground, edge = DARK if self.dark else LIGHT
        width, height = self.screens[0].size
        count = len(self.screens)
        sheet = Image.new("RGB", (count * width + (count + 1) * GAP, height + 2 * GAP), ground)
        for place, screen in enumerate(self.screens):
            left = GAP + place * (width + GAP)
            sheet.paste(edge, (left - 1, GAP - 1), _rounded(width + 2, height + 2))
            sheet.paste(screen, (left, GAP), _rounded(width, height))
        return sheet

    def save(self, folder: Path) -> Path:
        """As a PNG in this folder, and in docs/pictures where that is wanted."""
        folder.mkdir(exist_ok=True)
        picture = self.picture().quantize(256, dither=Image.Dither.NONE)
        folders = (folder, KEPT) if are_wanted() else (folder,)
        for each in folders:
            picture.save(each / f"{self.name}.png", optimize=True)
        return folder / f"{self.name}.png"


def _rounded(width: int, height: int) -> Image.Image:
    """What of a screen is seen."""
    large = Image.new("L", (width * SMOOTH, height * SMOOTH), 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1), RADIUS * SMOOTH, fill=255)
    return large.resize((width, height), Image.Resampling.LANCZOS)

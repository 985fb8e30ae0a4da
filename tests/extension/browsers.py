"""How the browser is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")
NOWHERE = ("--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>")
"""Every request goes to a proxy that is not there."""


def flags(extension: Path, language: str, *, cut_off: bool) -> list[str]:
    """What Chromium is started with."""
    return [*QUIET, *(NOWHERE if cut_off else ()), f"--lang={language}",
            f"--load-extension={extension}", f"--disable-extensions-except={extension}"]

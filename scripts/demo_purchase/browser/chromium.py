"""Starts Chromium with the sample loaded, and ends it. Nothing here knows what is bought."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.checks import browser
from scripts.demo_purchase.browser.failure import BrowserFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scripts.demo_purchase.browser.sample import Sample

FLAGS = ("--no-first-run", "--no-default-browser-check", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-quic",
         "--disable-features=Translate", "--password-store=basic",
         "--window-size=1100,900")
NOTHING_BUT_THIS_MACHINE = "--proxy-server=127.0.0.1:9"
"""Chromium asks no proxy for loopback addresses, and this one, for all others, is not there."""
DRIVEN = "--remote-debugging-port=0"
HEADLESS = "--headless=new"
FIRST_PAGE = "about:blank"
"""The sample's own pages are not there yet when Chromium opens its first one."""
PORT_FILE = "DevToolsActivePort"
START_PATIENCE_S, LOOK_EVERY_S = 60, 0.1
END_PATIENCE_S = 10
LOG_LINES = 8
NOISE = ("dbus/", "zygote_linux.cc", "unexpected operator")
"""What Chromium, or Debian's wrapper of it, always has to say."""
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
NO_SCREEN = """there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set). Instead:
     scripts/demo --browser --headless    buys by itself, and takes a picture of it
     ssh -X HOST                          shows the window on the machine you sit at
     xvfb-run scripts/demo --browser      has a screen that nobody sees
     scripts/test extension               the tests of the extension in a real browser"""


@dataclass(frozen=True)
class Looks:
    """`language` as in "zh-CN"; None: this machine's."""

    headless: bool
    language: str | None = None


class Chromium:
    """A running Chromium with a profile of its own."""

    def __init__(self, process: subprocess.Popen[bytes], profile: Path, log: Path) -> None:
        self._process = process
        self._profile = profile
        self._log = log

    def is_open(self) -> bool:
        """Whether a window is left; raises BrowserFailed when it ended in another way."""
        code = self._process.poll()
        if code:
            raise BrowserFailed(f"Chromium ended with exit code {code}:\n{self._last_lines()}")
        return code is None

    def devtools(self) -> str:
        """Where it is driven (Chrome DevTools Protocol); raises BrowserFailed."""
        deadline_s = time.monotonic() + START_PATIENCE_S
        while self.is_open() and time.monotonic() < deadline_s:
            with suppress(OSError):
                port, _, path = (self._profile / PORT_FILE).read_text().partition("\n")
                if path:
                    return f"ws://127.0.0.1:{port}{path.strip()}"
            time.sleep(LOOK_EVERY_S)
        raise BrowserFailed(f"Chromium did not start:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        said = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        lines = [line for line in said if not any(noise in line for noise in NOISE)]
        return "\n".join(lines[-LOG_LINES:])


def check(environment: Mapping[str, str], looks: Looks) -> None:
    """Raises BrowserFailed where no window can be shown, and says what to do."""
    has_screen = any(map(environment.get, SCREENS))
    if not looks.headless and not has_screen:
        raise BrowserFailed(NO_SCREEN)
    why = browser.missing()
    if why is not None:
        raise BrowserFailed(why)


@contextmanager
def opened(sample: Sample, folder: Path, looks: Looks) -> Iterator[Chromium]:
    """Chromium with the sample loaded; closed at the end. Its profile is new."""
    profile, log = folder / "profile", folder / "chromium.log"
    with log.open("wb") as output:
        # A session of its own: Ctrl-C is for us, who then close it.
        process = subprocess.Popen(
            [browser.chromium() or "chromium", *_flags(sample, profile, looks), FIRST_PAGE],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            env={**os.environ, **_language(looks)})
    try:
        yield Chromium(process, profile, log)
    finally:
        _end(process)


def _flags(sample: Sample, profile: Path, looks: Looks) -> list[str]:
    flags = [*FLAGS, DRIVEN, NOTHING_BUT_THIS_MACHINE, f"--user-data-dir={profile}",
             f"--load-extension={sample.folder}", f"--disable-extensions-except={sample.folder}"]
    if looks.headless:
        flags.append(HEADLESS)
    elif not os.environ.get(SCREENS[0]):
        flags.append("--ozone-platform=wayland")
    if looks.language is not None:
        flags.append(f"--lang={looks.language}")
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # as root Chromium starts in no other way
    return flags


def _language(looks: Looks) -> dict[str, str]:
    """With a window the flag is not enough: gettext's variable decides."""
    return {} if looks.language is None else {"LANGUAGE": looks.language.replace("-", "_")}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to close, and wait; then end what is left of it."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        process.terminate()
        process.wait(END_PATIENCE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

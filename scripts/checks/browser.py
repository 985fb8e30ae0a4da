"""The browsers of tests/extension: installed where that may be done, and else asked for.

Called by `scripts/test` before those tests, which look here too for what they drive.
"""

from __future__ import annotations

import os
import shutil
import subprocess

CHROMIUM = ("chromium", "fonts-wqy-microhei")
FIREFOX = ("firefox-esr",)
NAMES = ("chromium", "chromium-browser")


def _by_hand(packages: tuple[str, ...]) -> str:
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def chromium() -> str | None:
    """Where Chromium is; None: nowhere. Google's own Chrome loads no extension from a folder."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


def firefox() -> str | None:
    """Where Firefox ESR is; None: nowhere. The regular release installs nothing unsigned."""
    return shutil.which("firefox-esr")


def missing() -> str | None:
    """What keeps the tests in Chromium from running, and how to get it; None: nothing."""
    if shutil.which("node") is None:
        return "Node 20 is not here, which builds the extension"
    if chromium() is None:
        return f"Chromium is not here: {_by_hand(CHROMIUM)}"
    if not _has_chinese_font():
        return f"no font here can draw Chinese: {_by_hand(CHROMIUM)}"
    return None


def missing_firefox() -> str | None:
    """What keeps the tests in Firefox from running, and how to get it; None: nothing."""
    return None if firefox() is not None else f"Firefox ESR is not here: {_by_hand(FIREFOX)}"


def must_run() -> bool:
    """Whether a skip is a failure."""
    return os.environ.get("CI") == "true"


def provide() -> None:
    """Install what is missing where we are root on Debian; say plainly what is skipped if not."""
    if missing() is None and missing_firefox() is None:
        return
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        print(f"\n── installing {' '.join(CHROMIUM + FIREFOX)} for the tests", flush=True)
        _apt("update", "-qq")
        for packages in (CHROMIUM, FIREFOX):  # not every Debian has both
            _apt("install", "-y", "-qq", "--no-install-recommends", *packages)
    for tests, why in (("tests in a browser", missing()), ("tests in Firefox", missing_firefox())):
        if why is not None and not must_run():
            print(f"\n── the {tests} are skipped: {why}", flush=True)


def _apt(*words: str) -> None:
    subprocess.run(["apt-get", *words], check=False, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def _has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], check=False, capture_output=True, text=True)
    return bool(listed.stdout.strip())

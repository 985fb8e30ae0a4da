"""The browser of tests/extension: installed where that may be done, and else asked for.

Called by `scripts/test` before those tests, which look here too for what they drive.
"""

from __future__ import annotations

import os
import shutil
import subprocess

PACKAGES = ("chromium", "fonts-wqy-microhei")
BY_HAND = f"sudo apt-get install --no-install-recommends {' '.join(PACKAGES)}"
NAMES = ("chromium", "chromium-browser")


def chromium() -> str | None:
    """Where Chromium is; None: nowhere. Google's own Chrome loads no extension from a folder."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


def missing() -> str | None:
    """What keeps the tests in a browser from running, and how to get it; None: nothing."""
    if shutil.which("node") is None:
        return "Node 20 is not here, which builds the extension"
    if chromium() is None:
        return f"Chromium is not here: {BY_HAND}"
    if not _has_chinese_font():
        return f"no font here can draw Chinese: {BY_HAND}"
    return None


def must_run() -> bool:
    """Whether a skip is a failure."""
    return os.environ.get("CI") == "true"


def provide() -> None:
    """Install what is missing where we are root on Debian; say plainly what is skipped if not."""
    if missing() is None:
        return
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        print(f"\n── installing {' '.join(PACKAGES)} for the tests in a browser", flush=True)
        _apt("update", "-qq")
        _apt("install", "-y", "-qq", "--no-install-recommends", *PACKAGES)
    why = missing()
    if why is not None and not must_run():
        print(f"\n── the tests in a browser are skipped: {why}", flush=True)


def _apt(*words: str) -> None:
    subprocess.run(["apt-get", *words], check=False, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def _has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], check=False, capture_output=True, text=True)
    return bool(listed.stdout.strip())

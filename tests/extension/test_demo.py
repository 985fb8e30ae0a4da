"""scripts/demo --browser: without a window, and with one on a screen that nobody sees."""

from __future__ import annotations

import os
import signal
import stat
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from scripts.checks.browser import chromium
from tests.e2e.demo_process import (
    PATIENCE_S,
    processes_of,
    processes_on,
    read_until,
    start_demo,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from playwright.sync_api import Page, Playwright

PNG = b"\x89PNG"


def test_without_a_window_it_buys_by_itself_and_says_where_the_picture_is(
        tools: None, tmp_path: Path) -> None:
    picture = tmp_path / "bought.png"
    with start_demo(tmp_path / "state", "--browser", "--headless", "--language", "en",
                    "--screenshot", str(picture)) as demo:
        output, _ = demo.communicate(timeout=PATIENCE_S)

    assert demo.returncode == 0, output
    assert "weixin://wxpay/bizpayurl" in output
    assert "Paid and unlocked" in output
    assert str(picture) in output.replace("\n", "")
    assert picture.read_bytes().startswith(PNG)
    assert processes_of(tmp_path / "state") == []


def test_enter_in_the_terminal_pays_the_code_in_the_window_whose_closing_ends_all(
        playwright: Playwright, tmp_path: Path) -> None:
    with visible(tmp_path) as demo:
        assert demo.stdin is not None
        read_until(demo, "to stop")
        profile = flag_of(tmp_path, "--user-data-dir")
        page = open_page(playwright, profile)
        page.locator("#buy").click()
        read_until(demo, "Press Enter to pay it")
        with urllib.request.urlopen(read_until(demo, "code_url=").strip(), timeout=10) as phone:
            assert b"99.00" in phone.read()
        demo.stdin.write("\n")
        demo.stdin.flush()
        read_until(demo, "WeChat paid order")
        expect(page.locator("main .medal[data-kind=good]")).to_be_visible()
        close_window(page)
        output, _ = demo.communicate(timeout=PATIENCE_S)

    assert demo.returncode == 0, output
    assert "The window was closed." in output
    assert processes_of(tmp_path / "state") + processes_on(profile) == []
    assert not Path(profile).exists()


def test_ctrl_c_closes_the_window(tools: None, tmp_path: Path) -> None:
    with visible(tmp_path) as demo:
        read_until(demo, "to stop")
        profile = flag_of(tmp_path, "--user-data-dir")
        assert processes_on(profile) != []
        demo.send_signal(signal.SIGINT)
        output, _ = demo.communicate(timeout=PATIENCE_S)

    assert demo.returncode == 0, output
    assert "Stopped." in output
    assert processes_of(tmp_path / "state") + processes_on(profile) == []


def test_a_browser_that_breaks_is_told_with_what_it_said(tools: None, tmp_path: Path) -> None:
    with visible(tmp_path, "echo the screen is broken; exit 7") as demo:
        output, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 1
    assert "exit code 7" in output
    assert "the screen is broken" in output
    assert processes_of(tmp_path / "state") == []


@contextmanager
def visible(folder: Path, script: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """A demo that thinks it has a screen: the Chromium that it finds opens no window."""
    fake = folder / "bin" / "chromium"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\n" + (script or (
        f'echo "$@" > {folder}/flags\nexec {chromium()} --headless=new "$@"\n')))
    fake.chmod(stat.S_IRWXU)
    with start_demo(folder / "state", "--browser", environment={
            "DISPLAY": ":nobody-sees", "PATH": f"{fake.parent}:{os.environ['PATH']}"}) as demo:
        watch = threading.Timer(PATIENCE_S, demo.terminate)
        watch.start()
        try:
            yield demo
        finally:
            watch.cancel()
            watch.join()
            demo.terminate()


def flag_of(folder: Path, name: str) -> str:
    """What Chromium was started with."""
    flags = (folder / "flags").read_text().split()
    return next(flag for flag in flags if flag.startswith(name)).partition("=")[2]


def open_page(playwright: Playwright, profile: str) -> Page:
    """The page that the demo left open, for the person in front of it."""
    port, path = (Path(profile) / "DevToolsActivePort").read_text().split()
    (page,) = playwright.chromium.connect_over_cdp(f"ws://127.0.0.1:{port}{path}").contexts[0].pages
    assert page.url.endswith("/pay.html")
    return page


def close_window(page: Page) -> None:
    """As its cross does; a headless Chromium outlives its last page, one with a window does not."""
    browser = page.context.browser
    assert browser is not None
    browser.new_browser_cdp_session().send("Browser.close")

"""scripts/demo as a newcomer runs it, in a process of its own."""

from __future__ import annotations

import signal
import stat
import urllib.request
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest

from scripts.demo_purchase.__main__ import main
from scripts.demo_purchase.state import locked, open_state
from tests.e2e.demo_process import PATIENCE_S, processes_of, start_demo

if TYPE_CHECKING:
    from pathlib import Path


def test_the_demo_buys_a_license_and_exits_0(tmp_path: Path) -> None:
    picture = tmp_path / "demo.svg"
    with start_demo(tmp_path / "state", "--once", "--picture", str(picture)) as demo:
        output, _ = demo.communicate(timeout=PATIENCE_S)

    assert demo.returncode == 0, output
    for told in ("money back for 7 days", "POST /v1/orders", "code_url", "transaction_id",
                 "/v1/notify/wechatpay", "verified offline ✓", "requests to Tablestore     10",
                 "requests to WeChat Pay     1 ", "by order number DEM0", "DEVICE_LIMIT_REACHED",
                 "TAKEOVER_WAITS", "test-1 withdrawn, test-2 active", "Who knew what"):
        assert told in output
    assert "\x1b" not in output, "plain text where there is no terminal"
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert "cdn" not in picture.read_text(encoding="utf-8")
    assert processes_of(tmp_path / "state") == []


def test_all_that_the_demo_keeps_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert main(["--once", "--state", str(state)]) == 0
    modes = {path.relative_to(state).as_posix(): stat.S_IMODE(path.stat().st_mode)
             for path in (state, *state.rglob("*"))}
    assert {path for path, mode in modes.items() if mode & 0o077} == set()
    assert "account/merchant_private_key.pem" in modes


def test_a_second_demo_beside_the_first_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    with locked(tmp_path):
        assert main(["--once", "--state", str(tmp_path)]) == 1
    assert "another demo is running" in capsys.readouterr().out


def test_a_step_that_fails_is_told_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    seed_of_16_bytes = urlsafe_b64encode(bytes(16)).decode()
    open_state(tmp_path)
    (tmp_path / "signing_key.txt").write_text(seed_of_16_bytes)
    assert main(["--once", "--state", str(tmp_path)]) == 1
    output = capsys.readouterr().out
    assert "✗ 7" in output
    assert "verified offline" not in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_shop_stays_open_until_a_signal_and_leaves_no_process(
    tmp_path: Path, number: signal.Signals,
) -> None:
    state = tmp_path / "state"
    with start_demo(state) as demo:
        assert demo.stdout is not None
        shop = next(line.split()[-1] for line in demo.stdout if line.strip().startswith("the shop"))
        with urllib.request.urlopen(shop, timeout=10) as page:
            assert b'<main id="main"' in page.read()
        assert processes_of(state) != []
        demo.send_signal(number)
        output, _ = demo.communicate(timeout=PATIENCE_S)

    assert demo.returncode == 0, output
    assert "Stopped." in output
    assert processes_of(state) == []


def test_without_a_screen_nothing_is_started_and_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["--browser", "--state", str(tmp_path / "state")]) == 1
    told = capsys.readouterr().out
    for way in ("no screen", "--headless", "ssh -X", "xvfb-run", "scripts/test extension"):
        assert way in told
    assert not (tmp_path / "state").exists()


def test_what_belongs_to_another_way_of_the_demo_is_refused(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--headless"], ["--browser", "--once"], ["--browser", "--faults"],
                  ["--browser", "--picture", str(tmp_path / "demo.svg")]):
        with pytest.raises(SystemExit, match="2"):
            main([*wrong, "--state", str(tmp_path)])
    assert "--screenshot" in capsys.readouterr().err

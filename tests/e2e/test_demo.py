"""scripts/demo as a newcomer runs it, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from scripts.demo_purchase.__main__ import main
from scripts.demo_purchase.state import locked, open_state

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 90


def start_demo(state: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.demo_purchase", "--state", str(state), *options],
        cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"})


def processes_of(state: Path) -> list[str]:
    """Processes, of any parent, that were given this demo's address of Tablestore."""
    port = json.loads((state / "ports.json").read_text())["tablestore"]
    mark = f"TONGBAO_TABLESTORE_ENDPOINT=http://127.0.0.1:{port}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


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

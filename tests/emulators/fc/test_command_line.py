from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.emulators.fc.support import FUNCTIONS, ask, function, http_trigger, rendered, timer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "emulators.fc"]


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[dict[str, str]]:
    """Run the command; the addresses it announced."""
    document = rendered(main=function(triggers=[
        http_trigger(), timer("works", payload="x"), timer("fails", payload="x")],
        environmentVariables={"DECLARED": "original"},
        asyncInvokeConfig={"maxAsyncRetryAttempts": 0}), table={"component": "ros"})
    (folder / "rendered.json").write_text(json.dumps(document))
    with subprocess.Popen(
            [*COMMAND, "--rendered", str(folder / "rendered.json"), "--no-timers", *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(2)]
            yield dict(lines)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
        assert process.returncode == 0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False)


def test_functions_run_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# comment = none\n\nDECLARED=replaced\n")
    with serving(tmp_path, "--code-root", str(FUNCTIONS),
                 "--env-file", str(tmp_path / "env")) as urls:
        assert json.loads(ask(urls["emulated"], "env").body)["DECLARED"] == "replaced"
        ask(urls["emulated"], "log:seen")
        logs = run("logs", "main", "--api", urls["api"])
        assert '{"event": "seen"}' in logs.stdout.splitlines()
        killed = run("kill", "main", "--api", urls["api"])
        assert json.loads(killed.stdout)["ended"] == 1
        fired = run("fire", "main", "fails", "--api", urls["api"])
        assert (fired.returncode, json.loads(fired.stdout)["kind"]) == (1, "error")
        unknown = run("fire", "main", "nothing", "--api", urls["api"])
        assert unknown.returncode == 1
        assert "has no timer 'nothing'" in unknown.stderr


@pytest.mark.parametrize(("line", "value"), [
    ('DECLARED="two\nlines"', "two\nlines"), ("DECLARED=''", ""), ("DECLARED= a=b ", "a=b"),
    ('DECLARED={"a":"b"}', '{"a":"b"}')])
def test_a_value_in_an_env_file_may_be_quoted(
        tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / "env").write_text(f"# DECLARED=no\n{line}\n")
    with serving(tmp_path, "--code-root", str(FUNCTIONS),
                 "--env-file", str(tmp_path / "env")) as urls:
        assert json.loads(ask(urls["emulated"], "env").body)["DECLARED"] == value


def test_the_complaint_of_a_failed_preview_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "rendered.json"
    path.write_text("\nError Message:\nenv('A_KEY') not found\n")
    failed = run("--rendered", str(path))
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)
    assert "env('A_KEY') not found" in failed.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with serving(tmp_path, "--code-root", str(FUNCTIONS)) as urls:
        port = urls["api"].rpartition(":")[2]
        failed = run("--rendered", str(tmp_path / "rendered.json"), "--code-root", str(FUNCTIONS),
                     "--port-base", port)
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)
    assert f"port {port}" in failed.stderr


def test_code_can_come_from_other_folders(tmp_path: Path) -> None:
    with serving(tmp_path, "--code", f"main={FUNCTIONS}") as urls:
        assert ask(urls["emulated"], "cwd").body.decode() == str(FUNCTIONS)


def test_a_file_that_cannot_be_emulated_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rendered.json"
    path.write_text(json.dumps(rendered(main=function(runtime="nodejs20"))))
    failed = run("--rendered", str(path))
    assert failed.returncode == 1
    assert failed.stderr.startswith("emulators.fc: main: runtime 'nodejs20' is not emulated")
    assert len(failed.stderr.splitlines()) == 1


def test_nobody_listening_is_one_line() -> None:
    failed = run("logs", "main", "--api", "http://127.0.0.1:9")
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)

"""A second official client, in another language, against the same emulator."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from emulators.tablestore import TablestoreEmulator

SCRIPT = Path(__file__).with_name("node_sdk.js")
ROOT = Path(__file__).parents[3]


def node_or_skip() -> str:
    """The node program, if it and the package are here; their absence fails under CI."""
    node = shutil.which("node")
    installed = (ROOT / "node_modules" / "tablestore").is_dir()
    if node is not None and installed:
        return node
    reason = "needs node and the npm package tablestore: run scripts/install"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def test_the_node_sdk_works_against_the_emulator(emulator: TablestoreEmulator) -> None:
    node = node_or_skip()
    credentials = emulator.credentials
    with emulator.serve() as server:
        finished = subprocess.run(
            [
                node,
                str(SCRIPT),
                server.endpoint,
                credentials.access_key_id,
                credentials.access_key_secret,
                credentials.instance,
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert (finished.returncode, finished.stdout) == (0, "ok\n"), finished.stderr
    assert {record.api for record in emulator.requests} >= {
        "CreateTable",
        "PutRow",
        "UpdateRow",
        "DeleteRow",
        "GetRange",
        "BatchWriteRow",
        "BatchGetRow",
        "CommitTransaction",
    }

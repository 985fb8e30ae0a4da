"""A whole `s deploy` with a component that only writes down what it is given."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from shared.variables import ALL
from tests.deploy.rendering import ROOT, SECRETS, run_tool

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "1000000000000001"
RECORDER = """
const fs = require("fs");
exports.default = class {
  async deploy(inputs) {
    fs.appendFileSync(process.env.RECORD, JSON.stringify(inputs.props) + "\\n");
    return {};
  }
};
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of s.yaml with a recording component and a `scripts/package` that only takes note."""
    shutil.copy(ROOT / "s.yaml", tmp_path)
    component = tmp_path / "component"
    component.mkdir()
    (component / "package.json").write_text('{"name": "recorder", "main": "index.js"}')
    (component / "index.js").write_text(RECORDER)
    package_script(tmp_path, 'echo "$@" >> packaged')
    return tmp_path


def package_script(checkout: Path, body: str) -> None:
    script = checkout / "scripts" / "package"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)


def deploy(checkout: Path) -> tuple[int, list[dict[str, Any]]]:
    record = checkout / "record"
    done = run_tool(checkout / "home", "deploy", "-y", "-t", "s.yaml", cwd=checkout, env={
        **SECRETS, "FC3_COMPONENT": str(checkout / "component"), "RECORD": str(record),
        "AccountID": ACCOUNT, "AccessKeyID": "id", "AccessKeySecret": "secret"})
    lines = record.read_text().splitlines() if record.exists() else []
    return done.returncode, [json.loads(line) for line in lines]


def test_every_function_is_packaged_and_then_deployed(checkout: Path) -> None:
    code, deployed = deploy(checkout)
    assert code == 0
    names = sorted(ALL)
    assert sorted((checkout / "packaged").read_text().split()) == names
    assert sorted(props["functionName"] for props in deployed) == [
        f"tongbao-dev-{name}" for name in names]


def test_the_role_is_in_the_account_that_deploys(checkout: Path) -> None:
    _, deployed = deploy(checkout)
    for props in deployed:
        assert props["role"] == f"acs:ram::{ACCOUNT}:role/{props['functionName']}"


def test_nothing_is_deployed_when_packaging_fails(checkout: Path) -> None:
    package_script(checkout, "exit 1")
    code, deployed = deploy(checkout)
    assert (code, deployed) == (101, [])

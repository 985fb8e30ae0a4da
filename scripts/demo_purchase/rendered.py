"""The deployment as Serverless Devs renders it, and where its functions are in the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLIC = ("create-order", "notify", "license-fetch")
"""The functions with an address of their own."""
FUNCTIONS = (*PUBLIC, "timers", "admin")
MINIMAL_TIMERS = {"due": "0 * * * * *", "due-everywhere": "30 20 4 * * *",
                  "complaints": "20 10,40 * * * *", "bill": "40 0,30 10-23 * * *"}


class RenderFailed(Exception):
    """Serverless Devs could not render s.yaml; the message is its own."""


def can_render(checkout: Path) -> bool:
    """Whether Serverless Devs is installed here; it is not where Node is missing."""
    return _tool(checkout).exists()


def render(checkout: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """s.yaml with these environment variables, as Serverless Devs sees it."""
    with tempfile.TemporaryDirectory() as home:
        _forbid_asking_for_updates(Path(home))
        done = subprocess.run(
            [_tool(checkout), "preview", "-t", "s.yaml", "-o", "json", "--silent"],
            cwd=checkout, check=False, capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": home, "serverless_devs_config_home": home,
                 **variables})
    if done.returncode != 0:
        raise RenderFailed(done.stderr.strip() or done.stdout.strip())
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def minimal(variables: Mapping[str, str]) -> dict[str, Any]:
    """Stands in for s.yaml where Node is missing: the functions with every variable."""
    return {"resources": {name: {"component": "fc3", "props": _props(name, variables)}
                          for name in FUNCTIONS}}


def function_names(document: Mapping[str, Any]) -> dict[str, str]:
    """Which functionName each of ours has; raises RenderFailed when one is missing."""
    found = {resource.replace("_", "-"): entry["props"]["functionName"]
             for resource, entry in document["resources"].items()
             if entry["component"].partition("@")[0] == "fc3"}
    missing = [name for name in FUNCTIONS if name not in found]
    if missing:
        raise RenderFailed(f"s.yaml has no function {', '.join(missing)}")
    return {name: found[name] for name in FUNCTIONS}


def source_folders(name: str, checkout: Path) -> list[str]:
    """The folders whose modules this function's bundle holds, in the checkout."""
    return [str(checkout), str(checkout / "functions" / name.replace("-", "_"))]


def _forbid_asking_for_updates(home: Path) -> None:
    """Else the tool asks its registry in a process that outlives it, and writes here again."""
    folder = home / ".s" / "config"
    folder.mkdir(parents=True)
    far_ahead_ms = 4_102_444_800_000
    (folder / "update-notifier.json").write_text(json.dumps({"lastUpdateCheck": far_ahead_ms}))


def _tool(checkout: Path) -> Path:
    return checkout / "node_modules" / ".bin" / "s"


def _props(name: str, variables: Mapping[str, str]) -> dict[str, Any]:
    module = f"functions.{name.replace('-', '_')}.index"
    return {
        "functionName": name, "region": "cn-hangzhou", "runtime": "python3.10", "timeout": 30,
        "handler": f"{module}.handler", "code": ".", "role": "acs:ram::1:role/demo",
        "instanceLifecycleConfig": {
            "initializer": {"handler": f"{module}.initialize", "timeout": 30}},
        "environmentVariables": dict(variables),
        "triggers": _triggers(name)}


def _triggers(name: str) -> list[dict[str, Any]]:
    if name == "timers":
        return [{"triggerName": job, "triggerType": "timer", "triggerConfig": {
            "cronExpression": f"CRON_TZ=Asia/Shanghai {at}", "enable": True, "payload": job}}
            for job, at in MINIMAL_TIMERS.items()]
    return [] if name not in PUBLIC else [
        {"triggerName": "http", "triggerType": "http", "triggerConfig": {
            "authType": "anonymous", "methods": ["GET", "POST", "OPTIONS"]}}]

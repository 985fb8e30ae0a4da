"""Builds every package once for all test processes."""

from __future__ import annotations

import fcntl
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from scripts.packaging.build import Built, build
from scripts.packaging.bytecode import find_python
from scripts.packaging.contents import PACKAGES
from scripts.packaging.targets import TARGETS, Target
from scripts.packaging.wheels import FetchError

TARGET = TARGETS["python3.10"]


def build_or_skip(name: str, output: Path, target: Target = TARGET) -> Built:
    """Build; without the package index skip here, but fail where CI=true promises one."""
    try:
        return build(name, output, target, find_python(target))
    except FetchError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"the wheels are not here and cannot be fetched: {error}")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """All packages for the default runtime, built by whichever test process comes first."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    output, record = shared / "packages", shared / "packages.json"
    with (shared / "packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not record.exists():
            output.mkdir(exist_ok=True)
            with ThreadPoolExecutor(2) as threads:
                done = threads.map(lambda name: build_or_skip(name, output), PACKAGES)
                built = {one.name: asdict(one) for one in done}
            record.write_text(json.dumps(built, default=str))
    return {name: Built(**{**values, "folder": Path(values["folder"]),
                           "archive": Path(values["archive"]), "glibc": tuple(values["glibc"])})
            for name, values in json.loads(record.read_text()).items()}


@pytest.fixture(scope="session")
def python() -> str:
    """An interpreter of the runtime's own version."""
    found = find_python(TARGET)
    if found is None:
        pytest.skip(f"no Python {TARGET.python} answers on this machine")
    return found

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.deploy.rendering import LARGE_VALUES, SECRETS, preview


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """s.yaml as it is deployed, with made-up values of realistic length."""
    done = preview(tmp_path_factory.mktemp("home"), {**SECRETS, **LARGE_VALUES})
    assert done.returncode == 0, done.stdout + done.stderr
    rendered: dict[str, Any] = json.loads(done.stdout)
    return rendered

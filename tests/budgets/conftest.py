"""One merchant for all budgets: two RSA keys take a moment to make."""

from __future__ import annotations

import pytest

from scripts.benchmark.merchant import Merchant


@pytest.fixture(scope="session")
def merchant() -> Merchant:
    return Merchant()

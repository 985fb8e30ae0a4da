"""One shop per file, and a last look at the sinks that no test asks about."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account
from tests.attacks.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def account() -> Account:
    """One merchant account: its keys take a moment."""
    return Account.create()


@pytest.fixture(scope="module")
def shop(account: Account) -> Iterator[Shop]:
    """A running deployment."""
    with Shop(account) as running:
        yield running


@pytest.fixture(autouse=True)
def quiet_elsewhere(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture,
                    capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever a library logs, at any level, holds no secret; nothing else is printed."""
    if "shop" not in request.fixturenames:
        yield
        return
    shop: Shop = request.getfixturevalue("shop")
    caplog.set_level(logging.DEBUG)
    yield
    assert not [name for name, value in shop.secrets().items() if value in caplog.text]
    assert capfd.readouterr() == ("", "")

"""One account a session (RSA keys are slow to make), a fresh emulator a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account, Settings, WeChatPayEmulator
from tests.emulators.wechatpay.merchant import Clock, Merchant, Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def account() -> Account:
    return Account.create()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_merchant(account: Account,
                  clock: Clock) -> Iterator[Callable[..., Merchant]]:
    """Builds merchants with their own emulator: ``make_merchant(receiver, setting=…)``."""
    made: list[WeChatPayEmulator] = []

    def make(receiver: Receiver | None = None, **settings: object) -> Merchant:
        receiver = receiver or Receiver()
        emulator = WeChatPayEmulator(account, clock, receiver,
                                     settings=Settings(**settings))  # type: ignore[arg-type]
        made.append(emulator)
        return Merchant(emulator, clock, receiver)

    yield make
    for emulator in made:
        emulator.close()


@pytest.fixture
def merchant(make_merchant: Callable[..., Merchant]) -> Merchant:
    return make_merchant()

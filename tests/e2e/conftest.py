"""One running stack for a module: real functions in instances, three emulators, real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.demo_purchase.stack import run_stack
from scripts.demo_purchase.state import open_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.demo_purchase.stack import Stack

WECHAT_WAITS_DIVIDED_BY = 100
"""WeChat sends a refused notify again after 15 s; here after 150 ms."""
NO_LIMIT = {"TONGBAO_ORDERS_BURST": "1000"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, up until the module's last test."""
    state = open_state(tmp_path_factory.mktemp("state"))
    with run_stack(state, overrides=NO_LIMIT) as stack:
        stack.wechatpay.set_time_scale(WECHAT_WAITS_DIVIDED_BY)
        yield stack


@pytest.fixture
def stack(running: Stack) -> Iterator[Stack]:
    """The stack without a fault of an earlier test."""
    yield running
    running.wechatpay.clear_faults()
    running.tablestore.clear_faults()

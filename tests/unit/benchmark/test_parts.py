"""The parts of the benchmark do what they claim to measure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scripts.benchmark import api_call, license_cpu, notify_cpu
from scripts.benchmark.merchant import Merchant
from scripts.benchmark.start_up import DidNotStart, start_up
from scripts.benchmark.warm import batch_size, cpu_us
from shared.adapters.system import SystemClock
from shared.log import JsonLog

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def merchant() -> Merchant:
    return Merchant()


def test_our_handler_books_the_payment_each_time(merchant: Merchant, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as sink:
        handle = notify_cpu.operations(merchant, JsonLog(sink, SystemClock(), "notify"))["handler"]
        answers = [handle() for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [200, 200]
    assert (tmp_path / "log").read_text().count('"order.paid"') == 3  # one tried it out


def test_every_variant_of_a_notify_verifies_it(merchant: Merchant, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as sink:
        operations = notify_cpu.operations(merchant, JsonLog(sink, SystemClock(), "notify"))
        assert operations["core"]().was_paid
        assert operations["callback"]()["resource"]["trade_state"] == "SUCCESS"
        assert b"SUCCESS" in operations["flask"]()


def test_our_handler_activates_each_time_and_refreshes_the_same_lease(
        merchant: Merchant, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as sink:
        operations = license_cpu.operations(
            merchant, JsonLog(sink, SystemClock(), "license-fetch"))
        before = (tmp_path / "log").read_text().count('"license.device_activated"')
        answers = [operations[name]() for name in ("activation", "refresh", "activation")]
    assert [answer["statusCode"] for answer in answers] == [200, 200, 200]
    assert len({json.loads(answer["body"])["license"]["lease"]["token"]
                for answer in answers}) == 1
    after = (tmp_path / "log").read_text().count('"license.device_activated"')
    assert after - before == 2


def test_a_call_of_wechat_pay_reaches_the_fixed_server(merchant: Merchant,
                                                       tmp_path: Path) -> None:
    with (api_call.server(api_call.answer(merchant)) as base_url,
          (tmp_path / "log").open("w") as sink):
        gateway, transport = api_call.open_gateway(merchant, base_url, sink)
        fact = gateway.query(api_call.NUMBER)
        transport.close()
    assert fact is not None
    assert not fact.was_paid


def test_a_bare_interpreter_is_smaller_than_a_function(merchant: Merchant) -> None:
    bare = start_up("bare", merchant.environment())
    notify = start_up("notify", merchant.environment())
    assert bare.modules < 60 < notify.modules
    assert 1 < bare.peak_mib < notify.peak_mib


def test_a_process_that_does_not_get_ready_is_an_error() -> None:
    with pytest.raises(DidNotStart, match="TONGBAO_ENVIRONMENT"):
        start_up("notify", {})


def test_a_batch_is_at_least_one_call() -> None:
    calls: list[None] = []
    assert batch_size(lambda: calls.append(None)) >= 1
    before = len(calls)
    assert cpu_us(lambda: calls.append(None), 10) >= 0
    assert len(calls) - before == 10

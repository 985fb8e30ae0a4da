"""The audit of a deployment: real functions over Tablestore's and WeChat Pay's emulators."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account
from scripts.auditing.__main__ import main
from tests.wire.deployment import Buyer, Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with Deployment(Account.create()) as running:
        running.notifies_arrive = True
        yield running


def buy(deployment: Deployment) -> dict[str, str]:
    """An order that was paid, and told of, and whose license was fetched."""
    buyer = Buyer.fresh()
    order: dict[str, str] = deployment.order(buyer).body["order"]
    deployment.wechat.pay(out_trade_no=order["out_trade_no"])
    deployment.wechat.deliver_due_notifies()
    assert deployment.claim(buyer, order["order_id"]).status == 200
    return order


def audit(deployment: Deployment, log: Path, *more: str) -> int:
    return main(["--gateway", deployment.environ["WECHATPAY_BASE_URL"], "--log", str(log),
                 *more], deployment.environ, sleep=lambda _: None)


def test_a_deployment_is_audited_with_its_gateway_and_its_log(
        deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paid, refunded = buy(deployment), buy(deployment)
    deployment.operate("refund", order=refunded["order_id"], key="key-of-a-wish-0123456789")
    for order in (paid, refunded):
        deployment.make_due(order["order_id"])
    deployment.timer("due")
    log = tmp_path / "functions.log"
    log.write_text(capsys.readouterr().out, "utf-8")

    assert audit(deployment, log) == 0
    shown = capsys.readouterr().out
    assert all(f"\n{check} " in shown for check in ("acknowledged", "leases", "taken"))
    assert shown.count(" –  ") == 0

    # Paid an hour ago by WeChat's clock, and nobody was told.
    deployment.notifies_arrive = False
    order = deployment.order(Buyer.fresh()).body["order"]
    deployment.wechat.pay(out_trade_no=order["out_trade_no"])
    assert audit(deployment, log, "--now", str(int(time.time()) + 3_600)) == 1
    assert f"taken: {order['order_id']}" in capsys.readouterr().out

"""The check before a deployment: it passes a working deployment, and names what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account
from scripts.check_settings import problems
from tests.wire.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    with Deployment(Account.create()) as running:
        yield running.environ


def test_the_settings_of_a_working_deployment_pass(environ: dict[str, str]) -> None:
    assert list(problems(environ)) == []


@pytest.mark.parametrize("name", [
    "TONGBAO_PREFIX", "TONGBAO_SIGNING_KEY", "WECHATPAY_MERCHANT_KEY", "WECHATPAY_API_V3_KEY"])
def test_a_missing_setting_is_named(environ: dict[str, str], name: str) -> None:
    assert any(name in problem for problem in problems({**environ, name: ""}))


def test_every_missing_setting_is_named_at_once(environ: dict[str, str]) -> None:
    names = ("TONGBAO_SIGNING_KEY", "WECHATPAY_MCHID", "WECHATPAY_API_V3_KEY")
    found = list(problems({**environ, **dict.fromkeys(names, "")}))
    assert len(found) == len(names)
    assert all(any(f"{name} is missing" in problem for problem in found) for name in names)


@pytest.mark.parametrize(("name", "value", "said"), [
    ("TONGBAO_SIGNING_KEY", "canary-of-a-seed", "TONGBAO_SIGNING_KEY"),
    ("WECHATPAY_MERCHANT_KEY", "canary-of-a-key", "private key"),
    ("WECHATPAY_PUBLIC_KEY", "canary-of-a-key", "PUBLIC KEY")])
def test_a_key_of_no_use_is_told_and_not_shown(
        environ: dict[str, str], name: str, value: str, said: str) -> None:
    found = list(problems({**environ, name: value}))
    assert len(found) == 1
    assert said in found[0]
    assert value not in found[0]

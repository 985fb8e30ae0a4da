"""The check before a deployment: it passes a working deployment, and names what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.wechatpay import Account
from scripts.check_settings import problems, remarks
from scripts.keyring.private_keys import make_root, make_signing_key
from tests.wire.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with Deployment(Account.create()) as running:
        yield running


@pytest.fixture
def environ(deployment: Deployment) -> dict[str, str]:
    return deployment.environ


def test_the_settings_of_a_working_deployment_pass(environ: dict[str, str]) -> None:
    assert list(problems(environ)) == []


@pytest.mark.parametrize("name", [
    "TONGBAO_PREFIX", "TONGBAO_SIGNING_KEY", "TONGBAO_KEY_SET", "TONGBAO_LICENSE_SECRETS",
    "WECHATPAY_MERCHANT_KEY", "WECHATPAY_API_V3_KEY"])
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


def test_a_key_set_of_a_pinned_root_passes_and_one_of_another_root_is_told(
        deployment: Deployment) -> None:
    roots = [make_root(), deployment.root]
    environ = {**deployment.environ, "TONGBAO_ROOT_KEYS": " ".join(root.x for root in roots)}
    assert list(problems(environ)) == []
    (told,) = remarks(environ)
    assert "seq 1, ends in" in told
    (told,) = problems({**environ, "TONGBAO_ROOT_KEYS": roots[0].x})
    assert "TONGBAO_KEY_SET" in told


def test_without_a_root_it_says_that_the_signature_was_not_checked(
        environ: dict[str, str]) -> None:
    assert len([remark for remark in remarks(environ) if "not checked" in remark]) == 1


@pytest.mark.parametrize(("days", "told"), [(61, False), (59, True)])
def test_a_set_that_ends_soon_is_to_be_renewed(
        deployment: Deployment, days: int, *, told: bool) -> None:
    environ = {**deployment.environ,
               "TONGBAO_KEY_SET": deployment.keys_of(deployment.signing, days=days, seq=2)}
    assert list(problems(environ)) == []
    assert any("Renew it now" in remark for remark in remarks(environ)) is told


def test_a_set_that_has_ended_is_told(deployment: Deployment) -> None:
    (told,) = problems({**deployment.environ, "TONGBAO_KEY_SET": deployment.keys_of(
        deployment.signing, days=1, age_days=2)})
    assert "has ended" in told


def test_a_key_set_that_leaves_no_room_for_the_rest_is_told(deployment: Deployment) -> None:
    many = [make_signing_key(f"test-{number}") for number in range(2, 12)]
    (told,) = problems({**deployment.environ,
                        "TONGBAO_KEY_SET": deployment.keys_of(deployment.signing, *many)})
    assert "bytes of 4096" in told

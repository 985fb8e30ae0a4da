"""What the composition root promises: a request its own time, the role's key, CORS for buyers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulators.fc import FakeContext, http_event
from emulators.tablestore import Fault
from emulators.wechatpay import Account
from functions.license_fetch import index as license_fetch
from functions.notify import index as notify
from scripts.keyring.private_keys import make_signing_key
from shared import bootstrap
from shared.settings import InvalidSetting
from tests.wire.deployment import KEY_ID, KEY_SECRET, Buyer, Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

POLL = http_event("GET", f"/v1/orders/{'0' * 26}", [("Authorization", f"Bearer {'s' * 43}")], b"")


class Credentials:
    """The role's key as Python 3.10 gets it with every invocation."""

    access_key_id = KEY_ID
    access_key_secret = KEY_SECRET
    security_token = ""


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with Deployment(Account.create()) as running:
        yield running


def without_keys(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items()
            if not name.startswith("ALIBABA_CLOUD_")}


def test_the_role_s_key_of_the_context_is_used_where_the_environment_has_none(
        deployment: Deployment) -> None:
    app = bootstrap.build_license_fetch(license_fetch.routes, without_keys(deployment.environ))
    assert app(POLL, FakeContext())["statusCode"] == 503
    context = FakeContext()
    object.__setattr__(context, "credentials", Credentials())
    assert app(POLL, context)["statusCode"] == 404


@pytest.mark.slow
def test_a_request_that_used_up_its_time_leaves_the_next_one_all_of_its_own(
        deployment: Deployment) -> None:
    app = bootstrap.build_license_fetch(license_fetch.routes, deployment.environ)
    deployment.store.inject(Fault(kind="OTSServerBusy", times=None))
    assert app(POLL, FakeContext())["statusCode"] == 503
    deployment.store.clear_faults()
    assert app(POLL, FakeContext())["statusCode"] == 404


def test_buyers_routes_allow_every_origin_and_the_notify_none(deployment: Deployment) -> None:
    buyer = Buyer.fresh()
    assert deployment.order(buyer).status == 200
    poll = deployment.apps["license-fetch"](POLL, FakeContext())
    assert poll["headers"]["Access-Control-Allow-Origin"] == "*"
    told = deployment.apps["notify"](
        http_event("POST", "/v1/notify/wechatpay", [], b"{}"), FakeContext())
    assert told["statusCode"] == 401
    assert "Access-Control-Allow-Origin" not in told["headers"]


def test_live_starts_with_no_address_of_a_test(deployment: Deployment) -> None:
    with pytest.raises(InvalidSetting):
        bootstrap.build_notify(notify.routes,
                               {**deployment.environ, "TONGBAO_ENVIRONMENT": "live"})


def test_after_a_rotation_the_same_lease_is_signed_by_the_new_key(deployment: Deployment) -> None:
    buyer = Buyer.fresh()
    placed = deployment.order(buyer).body["order"]
    deployment.wechat.pay(placed["payment"]["value"])
    assert deployment.notify(placed["out_trade_no"]).status == 200
    before = deployment.claim(buyer, placed["order_id"]).body["license"]["lease"]["token"]
    new = make_signing_key("test-2")
    deployment.apps["license-fetch"] = bootstrap.build_license_fetch(license_fetch.routes, {
        **deployment.environ, "TONGBAO_SIGNING_KID": new.kid, "TONGBAO_SIGNING_KEY": new.seed,
        "TONGBAO_KEY_SET": deployment.keys_of(new, seq=2)})
    after = deployment.claim(buyer, placed["order_id"]).body["license"]["lease"]["token"]
    assert after.split(".")[1] == before.split(".")[1]
    assert after.split(".")[0] != before.split(".")[0]


@pytest.mark.parametrize(("name", "other"), [
    ("TONGBAO_SIGNING_KID", "test-2"), ("TONGBAO_SIGNING_KEY", "A" * 43),
    ("TONGBAO_PREFIX", "TB02"), ("TONGBAO_ENVIRONMENT", "live"), ("TONGBAO_KEY_SET", "a.b.c")])
def test_a_signing_key_that_no_client_would_take_stops_the_start(
        deployment: Deployment, name: str, other: str) -> None:
    with pytest.raises(InvalidSetting):
        bootstrap.build_license_fetch(license_fetch.routes, {**deployment.environ, name: other})

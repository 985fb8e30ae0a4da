"""Attack 54: whom the shop takes for WeChat. One thing of a good certificate differs each time.

The functions are built with WECHATPAY_CA, the authority of this test; the server is at the same
address in each case, and shows its good certificate right after the bad one.
"""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from shared import bootstrap
from shared.domain.order import OrderState
from shared.settings import InvalidSetting
from tests.attacks.asking import Asking
from tests.attacks.certificates import AUTHORITY, DAY, GOOD, Certificate
from tests.attacks.middleman import Middleman, unchanged
from tests.attacks.shop import Shop
from tests.attacks.test_answers import redirect
from tests.wire.deployment import Buyer, create_order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulators.wechatpay import Account
    from tests.attacks.shop import Seen

BAD = {
    "signed by itself": Certificate(issuer="server", issuer_key="server"),
    "signed by a stranger of the same name": Certificate(issuer_key="stranger"),
    "for another host": Certificate(hosts=("api.mch.weixin.qq.com.evil.example",)),
    "for another address": Certificate(hosts=("127.0.0.2",)),
    "for a host below": Certificate(hosts=("*.localhost",)),
    "for the host in its common name only": Certificate(hosts=(), common_name="localhost"),
    "expired": Certificate(begins=-9 * DAY, ends=-DAY),
    "not yet valid": Certificate(begins=DAY, ends=9 * DAY),
}
LEAF = Certificate((), "A customer of the authority", key_name="customer")
"""Signed by the authority, but not an authority itself."""
BELOW_LEAF = Certificate(issuer="A customer of the authority", issuer_key="customer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def between(folder: Path) -> Iterator[Middleman]:
    with Middleman(GOOD.served(folder)) as middleman:
        yield middleman


@pytest.fixture(scope="module")
def shop(account: Account, between: Middleman, folder: Path) -> Iterator[Shop]:
    """A shop that reaches WeChat by TLS, under the test's own authority."""
    file = folder / "authority.pem"
    file.write_text(AUTHORITY.pem())
    with Shop(account, WECHATPAY_BASE_URL=between.base_url,
              WECHATPAY_CA=f"file:{file}") as running:
        between.upstream = running.wechat
        yield running


@pytest.fixture(autouse=True)
def good_again(between: Middleman) -> Iterator[None]:
    good = between.tls
    yield
    between.tls, between.change = good, unchanged


def unknown(seen: Seen) -> None:
    """Nobody was asked, nothing is known, and nothing but the order itself was written."""
    assert (seen.status, seen.code) == (503, "PROVIDER_UNAVAILABLE")
    assert {fact["outcome"] for fact in seen.facts("wechatpay.called")} == {"tls_failed"}
    assert (seen.store, seen.calls) == (("BatchWriteRow",), 0)


def fails_then_passes(shop: Shop, between: Middleman, bad: ssl.SSLContext) -> None:
    good, asking = between.tls, Asking.place(Buyer.fresh())
    between.tls, between.heard[:] = bad, []
    unknown(shop.ask(asking))
    assert between.heard == []
    between.tls = good
    placed = shop.ask(asking)
    assert (placed.status, placed.calls) == (200, 1)


@pytest.mark.parametrize("name", BAD)
def test_a_server_with_a_bad_certificate_hears_nothing(shop: Shop, between: Middleman,
                                                       folder: Path, name: str) -> None:
    fails_then_passes(shop, between, BAD[name].served(folder))


def test_a_certificate_below_one_of_no_authority(shop: Shop, between: Middleman,
                                                 folder: Path) -> None:
    fails_then_passes(shop, between, BELOW_LEAF.served(folder, LEAF))


def test_a_certificate_below_an_authority_below_ours_is_good(shop: Shop, between: Middleman,
                                                             folder: Path) -> None:
    middle = Certificate((), "A customer of the authority", key_name="customer",
                         is_authority=True)
    between.tls = BELOW_LEAF.served(folder, middle)
    assert shop.ask(Asking.place(Buyer.fresh())).status == 200


def old_version(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A server that speaks no newer version, with ciphers that the old ones know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def speaks(context: ssl.SSLContext) -> str | None:
    """The version that a client without any demands gets to speak with such a server."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    old_version(client, ssl.TLSVersion.TLSv1_2)
    ours, theirs = socket.socketpair()
    heard: list[str | None] = []

    def serve() -> None:
        with context.wrap_socket(theirs, server_side=True) as wrapped:
            heard.append(wrapped.version())

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(ours) as wrapped:
        version = wrapped.version()
    thread.join()
    assert heard == [version]
    return version


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_an_old_version_of_tls_is_not_spoken(shop: Shop, between: Middleman, folder: Path,
                                             version: ssl.TLSVersion) -> None:
    old = old_version(GOOD.served(folder), version)
    assert speaks(old) == {ssl.TLSVersion.TLSv1: "TLSv1", ssl.TLSVersion.TLSv1_1: "TLSv1.1"}[
        version]
    between.tls = old_version(GOOD.served(folder), ssl.TLSVersion.TLSv1_2)
    fails_then_passes(shop, between, old)


def test_a_server_without_tls_hears_nothing(shop: Shop, between: Middleman) -> None:
    good, asking = between.tls, Asking.place(Buyer.fresh())
    between.tls, between.heard[:] = None, []
    unknown(shop.ask(asking))
    assert between.heard == []
    between.tls = good
    assert shop.ask(asking).status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(shop: Shop, between: Middleman, folder: Path,
                                    status: int) -> None:
    asking = Asking.place(Buyer.fresh())
    with Middleman(GOOD.served(folder)) as elsewhere:
        elsewhere.upstream = shop.wechat
        between.change = lambda answer: redirect(
            status, f"{elsewhere.base_url}/v3/pay/transactions/native")(answer, shop.account)
        seen = shop.ask(asking)
        assert (seen.status, seen.code) == (503, "PROVIDER_UNAVAILABLE")
        assert elsewhere.heard == []
        between.change = unchanged
        assert shop.ask(asking).status == 200


def test_a_payment_told_by_a_server_with_a_bad_certificate_is_not_booked(
        shop: Shop, between: Middleman, folder: Path) -> None:
    bought = shop.purchase()
    good, asking = between.tls, Asking.poll(bought.buyer, bought.order_id)
    shop.make_query_due(bought)
    between.tls, between.heard[:] = BAD["expired"].served(folder), []
    assert shop.ask(asking).body["order"]["status"] == "awaiting_payment"
    assert (shop.stored(bought).state, between.heard) == (OrderState.AWAITING_PAYMENT, [])
    between.tls = good
    shop.make_query_due(bought)
    assert shop.ask(asking).body["order"]["status"] == "paid"


def test_without_the_setting_the_authority_is_unknown(shop: Shop, between: Middleman) -> None:
    unknown(shop.ask(Asking.place(Buyer.fresh()), shop.build("create-order", WECHATPAY_CA="")))
    assert shop.ask(Asking.place(Buyer.fresh())).status == 200


def test_the_setting_takes_the_public_authorities_away(shop: Shop, between: Middleman) -> None:
    others = Certificate((), "Others", "Others", "others", is_authority=True, key_name="others")
    unknown(shop.ask(Asking.place(Buyer.fresh()),
                     shop.build("create-order", WECHATPAY_CA=others.pem())))


LIVE = {"TONGBAO_ENVIRONMENT": "live", "TONGBAO_SIGNING_KID": "2026-11",
        "TONGBAO_TABLESTORE_ENDPOINT": "https://shop.cn-hangzhou.ots.aliyuncs.com",
        "TONGBAO_NOTIFY_URL": "https://pay.shop-of-tests.cn/v1/notify/wechatpay",
        "WECHATPAY_BASE_URL": "https://api.mch.weixin.qq.com", "WECHATPAY_CA": "",
        "TONGBAO_EARLIER_SIGNING_KEYS": "{}"}


@pytest.mark.parametrize(("name", "value"), [
    ("WECHATPAY_CA", AUTHORITY.pem()), ("WECHATPAY_BASE_URL", "http://api.mch.weixin.qq.com"),
    ("WECHATPAY_BASE_URL", "https://api.mch.weixin.qq.com@evil.example"),
    ("WECHATPAY_BASE_URL", "https://100.100.100.200"),
    ("TONGBAO_NOTIFY_URL", "http://pay.shop-of-tests.cn/v1/notify/wechatpay")])
def test_live_has_no_way_around_public_tls(shop: Shop, name: str, value: str) -> None:
    live = {**shop.environ, **LIVE}
    bootstrap.build_create_order(create_order.routes, live)
    with pytest.raises(InvalidSetting, match=name):
        bootstrap.build_create_order(create_order.routes, {**live, name: value})


@pytest.mark.parametrize("address", [
    "https://api.mch.weixin.qq.com@evil.example", "https://api.mch.weixin.qq.com/v3?x=",
    "https://api.mch.weixin.qq.com#x", "ftp://api.mch.weixin.qq.com", "https://evil\n.example"])
def test_53_the_address_of_wechat_is_scheme_and_host(shop: Shop, address: str) -> None:
    with pytest.raises(ValueError, match="nothing more"):
        shop.build("create-order", WECHATPAY_BASE_URL=address)

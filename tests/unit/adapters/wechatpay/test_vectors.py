"""Our code against answers of OpenSSL's command line, Node and wechatpayv3, both ways."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType, utils

from shared.adapters.wechatpay.keys import load_public_key, load_verification_keys
from shared.adapters.wechatpay.messages import answer_message, request_message
from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
from shared.adapters.wechatpay.resource import ResourceCipher
from shared.adapters.wechatpay.signer import RequestSigner
from shared.adapters.wechatpay.verifier import SignatureVerifier
from shared.domain.money import Money
from tests.unit.adapters.wechatpay import wechat_side as wechat

MAKERS = ("openssl", "node")
QUERY = "/v3/pay/transactions/out-trade-no/TB01ABCDEFGHJKMNPQRSTVWXYZ01234?mchid=1900000001"


def vector(maker: str) -> dict[str, str]:
    return json.loads((wechat.VECTORS / f"{maker}.json").read_text())


def given(name: str) -> bytes:
    return (wechat.VECTORS / "inputs" / f"{name}.json").read_bytes()


def signer() -> RequestSigner:
    return RequestSigner(mchid=wechat.MCHID, serial_no=wechat.MERCHANT_SERIAL,
                         private_key_pem=wechat.pem("merchant_private"))


def headers(maker: str, signature: str, serial: str = wechat.PUBLIC_KEY_ID) -> dict[str, str]:
    made = vector(maker)
    return {"wechatpay-timestamp": made["timestamp"], "wechatpay-nonce": made["nonce"],
            "wechatpay-serial": serial, "wechatpay-signature": made[signature]}


def test_openssl_and_node_agree() -> None:
    openssl, node = vector("openssl"), vector("node")
    assert {name for name in openssl if name.endswith("_signature")} == {
        name for name in node if name.endswith("_signature")}
    assert all(openssl[name] == node[name] for name in openssl if name.endswith("_signature"))


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(("method", "target", "body", "expected"), [
    ("POST", "/v3/pay/transactions/native", "request_body", "request_signature"),
    ("GET", QUERY, None, "query_signature")])
def test_we_sign_requests_as_they_do(maker: str, method: str, target: str, body: str | None,
                                     expected: str) -> None:
    made = vector(maker)
    header = signer().authorization(method, target, given(body) if body else b"",
                                    timestamp_s=int(made["timestamp"]), nonce=made["nonce"])
    assert header == (
        f'WECHATPAY2-SHA256-RSA2048 mchid="{wechat.MCHID}",nonce_str="{made["nonce"]}",'
        f'signature="{made[expected]}",timestamp="{made["timestamp"]}",'
        f'serial_no="{wechat.MERCHANT_SERIAL}"')


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(("body", "signature"), [
    ("answer_body", "answer_signature"), (None, "empty_answer_signature"),
    ("notify_body", "notify_signature")])
def test_we_take_their_signatures(maker: str, body: str | None, signature: str) -> None:
    verifier = SignatureVerifier(load_verification_keys(
        {wechat.PUBLIC_KEY_ID: wechat.pem("wechatpay_public")}))
    verifier.verify(headers(maker, signature), given(body) if body else b"", wechat.NOW_S)


def test_we_open_what_node_sealed() -> None:
    resource = json.loads(given("notify_body"))["resource"]
    assert ResourceCipher(vector("node")["api_v3_key"].encode()).decrypt(resource) == given(
        "notify_plaintext")


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(("signature", "serial"), [
    ("notify_signature", wechat.PUBLIC_KEY_ID),
    ("platform_notify_signature", wechat.PLATFORM_SERIAL)])
def test_a_whole_notify_is_taken_under_either_kind_of_key(maker: str, signature: str,
                                                          serial: str) -> None:
    fact = wechat.verifier().verify(headers(maker, signature, serial), given("notify_body"),
                                    wechat.NOW_S)
    assert (fact.transaction_id, fact.amount) == (
        "4200001968202701159876543210", Money(9900, "CNY"))


@pytest.fixture(scope="module")
def sdk() -> WeChatPay:
    """wechatpayv3 as a merchant."""
    return WeChatPay(WeChatPayType.NATIVE, wechat.MCHID, wechat.pem("merchant_private"),
                     wechat.MERCHANT_SERIAL, wechat.APPID, wechat.API_V3_KEY.decode(),
                     public_key=wechat.pem("wechatpay_public"),
                     public_key_id=wechat.PUBLIC_KEY_ID)


@pytest.fixture(scope="module")
def sdk_as_wechat() -> WeChatPay:
    """wechatpayv3 holding WeChat's own key: its `sign` makes what WeChat sends."""
    return WeChatPay(WeChatPayType.NATIVE, wechat.MCHID, wechat.pem("wechatpay_private"),
                     wechat.MERCHANT_SERIAL, wechat.APPID, wechat.API_V3_KEY.decode(),
                     public_key=wechat.pem("wechatpay_public"),
                     public_key_id=wechat.PUBLIC_KEY_ID)


def test_wechatpayv3_and_we_take_the_same_notify(sdk: WeChatPay,
                                                 sdk_as_wechat: WeChatPay) -> None:
    body = given("notify_body")
    signature = sdk_as_wechat.sign([str(wechat.NOW_S), wechat.NONCE, body.decode()])
    sent = {"wechatpay-timestamp": str(wechat.NOW_S), "wechatpay-nonce": wechat.NONCE,
            "wechatpay-serial": wechat.PUBLIC_KEY_ID, "wechatpay-signature": signature,
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048"}
    theirs = sdk.callback(sent, body)["resource"]
    ours = wechat.verifier().verify(sent, body, wechat.NOW_S)
    assert theirs["out_trade_no"] == ours.out_trade_no
    assert theirs["transaction_id"] == ours.transaction_id
    assert ours.amount == Money(theirs["amount"]["total"], theirs["amount"]["currency"])


def test_wechatpayv3_takes_what_we_sign() -> None:
    body = given("request_body")
    header = signer().authorization("POST", "/v3/x", body, timestamp_s=wechat.NOW_S,
                                    nonce=wechat.NONCE)
    found = re.search(r'signature="([^"]+)"', header)
    assert found is not None
    # Its verifier makes three lines of its arguments; ours signs five: join the first three.
    public_key = utils.load_public_key(wechat.pem("merchant_public"))
    first = f"POST\n/v3/x\n{wechat.NOW_S}"
    assert utils.rsa_verify(first, wechat.NONCE, body.decode(), found[1], public_key)
    assert not utils.rsa_verify(first, wechat.NONCE, body.decode() + " ", found[1], public_key)


def test_we_and_wechatpayv3_sign_a_request_alike() -> None:
    body = given("request_body").decode()
    theirs = utils.build_authorization("/v3/x", "POST", wechat.MCHID, wechat.MERCHANT_SERIAL,
                                       wechat.private_key("merchant"), data=body,
                                       nonce_str=wechat.NONCE)
    found = re.search(r'timestamp="([0-9]+)"', theirs)
    assert found is not None
    ours = signer().authorization("POST", "/v3/x", body.encode(), timestamp_s=int(found[1]),
                                  nonce=wechat.NONCE)
    assert _fields(ours) == _fields(theirs)


def test_wechatpayv3_opens_the_same_resource(sdk: WeChatPay) -> None:
    resource: dict[str, Any] = json.loads(given("notify_body"))["resource"]
    opened = utils.aes_decrypt(resource["nonce"], resource["ciphertext"],
                               resource["associated_data"], wechat.API_V3_KEY.decode())
    assert opened.encode() == ResourceCipher(wechat.API_V3_KEY).decrypt(resource)


def test_the_signed_lines_are_the_documented_ones() -> None:
    assert request_message("POST", "/v3/p?q=1", timestamp="1", nonce="n", body=b"{}") == (
        b"POST\n/v3/p?q=1\n1\nn\n{}\n")
    assert request_message("GET", "/v3/p", timestamp="1", nonce="n", body=b"") == (
        b"GET\n/v3/p\n1\nn\n\n")
    assert answer_message("1", "n", b"\xff") == b"1\nn\n\xff\n"
    assert answer_message("1", "n", b"") == b"1\nn\n\n"


def test_the_vectors_are_not_trivially_true() -> None:
    """One changed bit of the vector's signature is refused by us and by wechatpayv3."""
    signature = vector("node")["notify_signature"]
    broken = ("B" if signature[0] != "B" else "C") + signature[1:]
    assert len(b64decode(broken)) == 256
    key = load_public_key(wechat.pem("wechatpay_public"))
    body = given("notify_body").decode()
    assert utils.rsa_verify(str(wechat.NOW_S), wechat.NONCE, body, signature, key)
    assert not utils.rsa_verify(str(wechat.NOW_S), wechat.NONCE, body, broken, key)


def test_a_verifier_with_another_key_refuses_the_vector() -> None:
    other = WeChatNotifyVerifier({wechat.PUBLIC_KEY_ID: wechat.pem("merchant_public")},
                                 wechat.API_V3_KEY)
    with pytest.raises(Exception, match="NOTIFY_INVALID: signature_wrong"):
        other.verify(headers("node", "notify_signature"), given("notify_body"), wechat.NOW_S)


def _fields(header: str) -> dict[str, str]:
    return dict(re.findall(r'([a-z_]+)="([^"]*)"', header))

"""The shop page's server, and the page's own verifier run by Node."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import shutil
import subprocess
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scripts.demo_purchase.lease import InvalidLease, Trust, verify_keys, verify_lease
from scripts.demo_purchase.server import SHOP, serve_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIG = {"functions": {"create_order": "http://127.0.0.1:7001",
                        "license_fetch": "http://127.0.0.1:7002"},
          "roots": ["x"], "phone": "http://127.0.0.1:7003/phone?code_url="}
NOW_S = 1_795_000_000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEADER = {"alg": "Ed25519", "kid": "test-1", "typ": "tongbao-lease+jwt"}
CLAIMS = {"aud": "reader-pro", "iat": NOW_S - 50, "nbf": NOW_S - 60, "exp": NOW_S + 30,
          "grc": 30, "ent": ["pro"], "cnf": {"jkt": "this-device"}}


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with serve_shop(CONFIG) as server:
        yield server.url


def get(shop: str, target: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(shop).netloc, timeout=10)
    try:
        connection.request("GET", target)
        with connection.getresponse() as answer:
            return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_everything_that_the_page_names_is_there(shop: str) -> None:
    _, _, page = get(shop, "/")
    named = set(re.findall(r'(?:href|src)="([a-z]+\.[a-z]+)"', page.decode()))
    for script in SHOP.glob("*.js"):
        named |= set(re.findall(r'from "\./([a-z]+\.js)"', script.read_text(encoding="utf-8")))
    assert {"app.js", "checkout.js", "base.css", "coin.svg"} <= named
    assert {name: get(shop, f"/{name}")[0] for name in named} == dict.fromkeys(named, 200)


def test_the_policy_allows_only_the_page_itself_and_the_functions(shop: str) -> None:
    _, headers, _ = get(shop, "/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self' http://127.0.0.1:7001 http://127.0.0.1:7002;" in policy
    assert "unsafe" not in policy


def test_nothing_of_the_page_comes_from_elsewhere() -> None:
    for file in SHOP.iterdir():
        addresses = re.findall(r"https?://[^\"'\s)]+", file.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, file.name


@pytest.mark.parametrize(("target", "status"), [
    ("/qr.svg?text=" + quote("weixin://wxpay/bizpayurl?pr=abc"), 200),
    ("/qr.svg?text=" + quote("https://wxpay/bizpayurl?pr=abc"), 400),
    ("/qr.svg?text=" + quote("weixin://" + "a" * 600), 400),
    ("/qr.svg", 400),
    ("/config.json", 200),
    ("/server.py", 404),
    ("/../server.py", 404),
    ("/%2e%2e/server.py", 404),
    ("/shop/", 404)])
def test_the_server_hands_out_only_what_it_should(shop: str, target: str, status: int) -> None:
    assert get(shop, target)[0] == status


def test_both_languages_say_the_same_things() -> None:
    texts = run_node(f"""
        const {{ TEXTS }} = await import("{SHOP.as_uri()}/texts.js");
        const names = (texts) => [...Object.keys(texts), ...Object.keys(texts.errors)].sort();
        console.log(JSON.stringify([names(TEXTS.zh), names(TEXTS.en)]));""")
    zh, en = json.loads(texts)
    assert zh == en


@pytest.mark.parametrize(("policy", "price", "terms"), [
    (None, 100, "Refunds: please ask the seller"),
    ({"window_days": 7, "only_if_never_activated": False, "approval_above": None}, 100,
     "Money back within 7 days"),
    ({"window_days": 7, "only_if_never_activated": True, "approval_above": None}, 100,
     "Money back within 7 days, if not activated"),
    ({"window_days": 7, "only_if_never_activated": False,
      "approval_above": {"amount_minor": 100, "currency": "CNY"}}, 100,
     "Money back within 7 days"),
    ({"window_days": 7, "only_if_never_activated": False,
      "approval_above": {"amount_minor": 100, "currency": "CNY"}}, 101,
     "Money back within 7 days; the seller confirms")])
def test_a_buyer_reads_the_refund_terms_before_paying(
    policy: dict[str, Any] | None, price: int, terms: str,
) -> None:
    shown = run_node(f"""
        const {{ refundTerms }} = await import("{SHOP.as_uri()}/offer.js");
        const {{ TEXTS }} = await import("{SHOP.as_uri()}/texts.js");
        console.log(refundTerms(TEXTS.en, {json.dumps(policy)}, {{ amount_minor: {price} }}));""")
    assert shown.strip() == terms


def lease(header: dict[str, Any], claims: dict[str, Any], *, tampered: bool = False) -> str:
    signed = f"{encoded(header)}.{encoded(claims)}"
    signature = bytearray(KEY.sign(signed.encode()))
    signature[0] ^= tampered
    return f"{signed}.{base64url(bytes(signature))}"


def encoded(value: dict[str, Any]) -> str:
    return base64url(json.dumps(value).encode())


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


LEASES = [
    ("genuine", lease(HEADER, CLAIMS), "ok"),
    ("tampered", lease(HEADER, CLAIMS, tampered=True), "LEASE_BAD_SIGNATURE"),
    ("other_claims", lease(HEADER, CLAIMS).replace(
        encoded(CLAIMS), encoded({**CLAIMS, "ent": ["pro", "more"]})), "LEASE_BAD_SIGNATURE"),
    ("unknown_key", lease({**HEADER, "kid": "test-2"}, CLAIMS), "LEASE_UNKNOWN_KEY"),
    ("prototype_key", lease({**HEADER, "kid": "constructor"}, CLAIMS), "LEASE_UNKNOWN_KEY"),
    ("other_algorithm", lease({**HEADER, "alg": "none"}, CLAIMS), "LEASE_MALFORMED"),
    ("other_type", lease({**HEADER, "typ": "JWT"}, CLAIMS), "LEASE_MALFORMED"),
    ("other_product", lease(HEADER, {**CLAIMS, "aud": "course"}), "LEASE_OTHER_PRODUCT"),
    ("other_device", lease(HEADER, {**CLAIMS, "cnf": {"jkt": "another"}}), "LEASE_OTHER_DEVICE"),
    ("in_grace", lease(HEADER, {**CLAIMS, "exp": NOW_S - 29}), "ok"),
    ("over", lease(HEADER, {**CLAIMS, "exp": NOW_S - 30}), "LEASE_EXPIRED"),
    ("withdrawn", lease({**HEADER, "kid": "test-3"}, CLAIMS), "LEASE_UNKNOWN_KEY"),
    ("retired_before", lease({**HEADER, "kid": "test-4"}, CLAIMS), "LEASE_UNKNOWN_KEY"),
    ("signed_too_early", lease(HEADER, {**CLAIMS, "iat": NOW_S - 71}), "LEASE_UNKNOWN_KEY"),
    ("to_come", lease(HEADER, {**CLAIMS, "nbf": NOW_S + 301}), "LEASE_NOT_YET"),
    ("two_parts", "a.b", "LEASE_MALFORMED"),
    ("no_base64", "!.!.!", "LEASE_MALFORMED")]


ROOT, OTHER_ROOT = (Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32) for byte in (1, 2))
X = base64url(KEY.public_key().public_bytes_raw())
LISTED = [
    {"kid": "test-1", "x": X, "status": "active", "from": NOW_S - 70, "until": None},
    {"kid": "test-3", "x": X, "status": "withdrawn", "from": NOW_S - 70, "until": NOW_S},
    {"kid": "test-4", "x": X, "status": "retired", "from": NOW_S - 70, "until": NOW_S - 50}]


def key_set(signer: Ed25519PrivateKey = ROOT, **changes: Any) -> str:
    x = base64url(signer.public_key().public_bytes_raw())
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    header = {"alg": "Ed25519", "typ": "tongbao-keys+jwt",
              "kid": base64url(hashlib.sha256(jwk.encode()).digest())}
    said = {"v": 1, "iss": "tongbao:DEM0", "env": "test", "seq": 7, "iat": NOW_S - 70,
            "exp": NOW_S + 70, "keys": LISTED, **changes}
    signed = f"{encoded(header)}.{encoded(said)}"
    return f"{signed}.{base64url(signer.sign(signed.encode()))}"


KEY_SETS = [("signed by the pinned root", key_set(), "ok"),
            ("signed by another", key_set(OTHER_ROOT), "KEYS_INVALID"),
            ("older than one seen", key_set(seq=6), "KEYS_ROLLED_BACK"),
            ("over", key_set(exp=NOW_S), "KEYS_EXPIRED"),
            ("a lease", LEASES[0][1], "LEASE_MALFORMED")]
ROOTS = [base64url(ROOT.public_key().public_bytes_raw())]


def test_the_page_and_the_terminal_judge_leases_alike() -> None:
    keys = {key["kid"]: key for key in LISTED}
    verdicts = judged_by_the_page(
        "verifyLease", [token for _, token, _ in LEASES],
        {"keys": keys, "productId": "reader-pro", "thumbprint": "this-device", "nowS": NOW_S})
    assert dict(zip((name for name, _, _ in LEASES), verdicts, strict=True)) == {
        name: verdict for name, _, verdict in LEASES}
    for _, token, verdict in LEASES:
        assert accepted(lambda token=token: verify_lease(
            token, Trust(7, keys), product_id="reader-pro", thumbprint="this-device",
            now_s=NOW_S)) is (verdict == "ok")


def test_the_page_and_the_terminal_judge_sets_of_keys_alike() -> None:
    verdicts = judged_by_the_page("verifyKeys", [token for _, token, _ in KEY_SETS],
                                  {"roots": ROOTS, "minSeq": 7, "nowS": NOW_S})
    assert dict(zip((name for name, _, _ in KEY_SETS), verdicts, strict=True)) == {
        name: verdict for name, _, verdict in KEY_SETS}
    for _, token, verdict in KEY_SETS:
        assert accepted(lambda token=token: verify_keys(
            token, ROOTS, now_s=NOW_S, min_seq=7)) is (verdict == "ok")


def judged_by_the_page(function: str, tokens: list[str], given: dict[str, Any]) -> list[str]:
    verdicts: list[str] = json.loads(run_node(f"""
        const page = await import("{SHOP.as_uri()}/lease.js");
        const judge = (token) => page.{function}(token, {json.dumps(given)})
            .then(() => "ok", (error) => error.code);
        console.log(JSON.stringify(await Promise.all({json.dumps(tokens)}.map(judge))));"""))
    return verdicts


def accepted(judge: Callable[[], object]) -> bool:
    try:
        judge()
    except InvalidLease:
        return False
    return True


def run_node(script: str) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not here")
    done = subprocess.run([node, "--input-type=module", "--eval", script], check=False,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout

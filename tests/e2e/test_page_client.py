"""The shop page's own checkout, run by Node against the real functions."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from scripts.demo_purchase.server import SHOP

if TYPE_CHECKING:
    from scripts.demo_purchase.stack import Stack

SCENARIOS = Path(__file__).with_name("page_client.mjs")


def play(stack: Stack, scenario: str) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not here")
    given = {"functions": {"create_order": stack.urls["create-order"],
                           "license_fetch": stack.urls["license-fetch"]},
             "roots": stack.state.keys.pinned, "wechatpay": stack.wechatpay_url}
    done = subprocess.run([node, str(SCENARIOS), SHOP.as_uri(), scenario, json.dumps(given)],
                          check=False, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_page_buys_a_license_and_shows_it_after_a_reload_without_asking(stack: Stack) -> None:
    assert play(stack, "buys") == {
        "phase": "licensed", "entitlements": ["pro"], "secretLeftEarly": False,
        "phaseAfterReload": "licensed", "orderCallsAfterReload": 0}


def test_a_reloaded_page_goes_on_with_its_order(stack: Stack) -> None:
    resumed = play(stack, "resumes")
    assert resumed["phase"] == "waiting"
    assert len(set(resumed["numbers"])) == 1


def test_after_wechat_failed_the_page_tries_again_with_the_same_key(stack: Stack) -> None:
    assert play(stack, "recovers") == {"phase": "failed", "code": "PROVIDER_UNAVAILABLE",
                                       "orderCalls": 4, "keysSent": 1,
                                       "phaseAfterRetry": "waiting"}


def test_an_order_put_aside_can_be_paid_and_taken_up_again(stack: Stack) -> None:
    assert play(stack, "keepsWhatWasPutAside") == {"phase": "licensed", "differ": True}


@pytest.mark.parametrize(("function", "path", "method"), [
    ("create-order", "/v1/orders", "POST"), ("license-fetch", "/v1/licenses/claim", "POST"),
    ("license-fetch", "/v1/orders/0", "GET"), ("license-fetch", "/v1/licenses/0/lease", "POST"),
    ("license-fetch", "/v1/licenses/0/devices/0", "DELETE")])
def test_a_browser_may_call_the_functions_from_another_origin(
    stack: Stack, function: str, path: str, method: str,
) -> None:
    connection = http.client.HTTPConnection(urlsplit(stack.urls[function]).netloc, timeout=30)
    try:
        connection.request("OPTIONS", path, headers={
            "Origin": "http://127.0.0.1:1", "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type,dpop,idempotency-key"})
        with connection.getresponse() as answer:
            headers = dict(answer.getheaders())
            assert (answer.status, answer.read()) == (204, b"")
    finally:
        connection.close()
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert method in headers["Access-Control-Allow-Methods"]
    allowed = headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in (
        "authorization", "content-type", "dpop", "idempotency-key"))


def test_a_page_of_another_origin_may_read_the_nonce(stack: Stack) -> None:
    connection = http.client.HTTPConnection(urlsplit(stack.urls["license-fetch"]).netloc,
                                            timeout=30)
    try:
        connection.request("POST", "/v1/licenses/restore", b'{"order_number":"x"}',
                           {"Content-Type": "application/json"})
        with connection.getresponse() as answer:
            assert (answer.status, bool(answer.getheader("DPoP-Nonce"))) == (401, True)
            exposed = answer.getheader("Access-Control-Expose-Headers") or ""
            assert "dpop-nonce" in exposed.lower()
            answer.read()
    finally:
        connection.close()

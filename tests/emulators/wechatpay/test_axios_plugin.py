"""The unmodified npm library wechatpay-axios-plugin as an independent merchant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulators.wechatpay import Account, WeChatPayEmulator
from tests.emulators.wechatpay.merchant import Clock, Merchant

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None or not (ROOT / "node_modules" / "wechatpay-axios-plugin").is_dir():
        message = "node or wechatpay-axios-plugin is not here; scripts/install brings the latter"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.mark.parametrize("by_certificate", [False, True])
def test_it_places_queries_closes_and_opens_a_notify(
        account: Account, node: str, by_certificate: bool) -> None:
    with WeChatPayEmulator(account) as emulator, emulator.serve() as serving:
        merchant = Merchant(emulator, Clock())
        headers, body = emulator.build_notify("OTHER0001", plaintext={"hello": "世界"})
        settings: dict[str, Any] = {
            "mchid": account.mchid, "serial": account.merchant_serial,
            "privateKey": account.merchant_private_key_pem, "apiV3Key": account.api_v3_key,
            "certs": {account.public_key_id: account.wechatpay_public_key_pem,
                      account.platform_serial: account.platform_certificate_pem},
            "baseURL": serving.base_url,
            "headers": {} if by_certificate else {"Wechatpay-Serial": account.public_key_id},
            "order": merchant.order(), "notify": {"headers": headers, "body": body.decode()}}
        done = subprocess.run([node, HERE / "axios_client.mjs"], input=json.dumps(settings),
                              capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        code_url = emulator.orders["ORDER0001"].code_url
    assert json.loads(done.stdout) == {
        "codeUrl": code_url, "state": "NOTPAY", "closed": 204,
        "refused": {"status": 400, "code": "ORDER_CLOSED"}, "genuine": True,
        "told": {"hello": "世界"}}

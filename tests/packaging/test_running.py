"""The packages run by the emulator, under the runtime's own Python: they start and answer."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from emulators.fc import FunctionComputeEmulator, timer_event
from scripts.keyring import key_set, steps
from scripts.keyring.private_keys import make_root, make_signing_key
from scripts.packaging.contents import PACKAGES
from shared.variables import VARIABLES
from tests.packaging.conftest import TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripts.packaging.build import Built


HTTP = {"triggerName": "http", "triggerType": "http", "triggerConfig": {
    "authType": "anonymous", "methods": ["GET", "POST"]}}
TIMER = {"triggerName": "due", "triggerType": "timer", "triggerConfig": {
    "cronExpression": "0 * * * * *", "enable": True, "payload": "due"}}
TRIGGERS: dict[str, dict[str, Any]] = {
    "create-order": HTTP, "notify": HTTP, "license-fetch": HTTP, "timers": TIMER}


def variables() -> dict[str, str]:
    """Settings of a test deployment, with keys made here."""
    key, signing = rsa.generate_private_key(65537, 2048), make_signing_key("test-1")
    return {
        "TONGBAO_ENVIRONMENT": "test", "TONGBAO_PREFIX": "TEST",
        "TONGBAO_LICENSE_SECRETS": json.dumps({"1": "s" * 43}),
        "TONGBAO_SIGNING_KID": signing.kid, "TONGBAO_SIGNING_KEY": signing.seed,
        "TONGBAO_KEY_SET": key_set.sign(steps.new_set(
            issuer="tongbao:TEST", environment="test", keys=[signing.public],
            now_s=int(time.time())), make_root()),
        "TONGBAO_TABLESTORE_ENDPOINT": "http://127.0.0.1:9", "TONGBAO_TABLESTORE_INSTANCE": "test",
        "TONGBAO_NOTIFY_URL": "https://example.com/v1/notify/wechatpay",
        "WECHATPAY_BASE_URL": "http://127.0.0.1:9", "WECHATPAY_MCHID": "1900000001",
        "WECHATPAY_APPID": "wx0000000000000000", "WECHATPAY_MERCHANT_SERIAL": "5" * 40,
        "WECHATPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_" + "0" * 32, "WECHATPAY_API_V3_KEY": "v" * 32,
        "WECHATPAY_MERCHANT_KEY": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "WECHATPAY_PUBLIC_KEY": key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    }


@pytest.fixture(scope="module")
def emulator(packages: dict[str, Built], python: str) -> Iterator[FunctionComputeEmulator]:
    everything = variables()

    def resource(name: str) -> dict[str, Any]:
        needed = {variable.name for variable in VARIABLES.values() if name in variable.needed_by}
        needed |= {"WECHATPAY_PUBLIC_KEY_ID", "WECHATPAY_PUBLIC_KEY"}
        return {"component": "fc3", "props": {
            "functionName": name, "runtime": TARGET.runtime, "handler": "index.handler",
            "code": str(packages[name].folder), "timeout": 30, "role": "acs:ram::1:role/test",
            "instanceLifecycleConfig": {
                "initializer": {"handler": "index.initialize", "timeout": 60}},
            "environmentVariables": {key: everything[key] for key in sorted(needed)} | (
                {"WECHATPAY_BASE_URL": everything["WECHATPAY_BASE_URL"]}),
            "triggers": [TRIGGERS[name]] if name in TRIGGERS else []}}

    document = {"resources": {name: resource(name) for name in PACKAGES}}
    # Only the package, no site-packages, and nothing written into it.
    with FunctionComputeEmulator(document, "/", python=[python, "-I", "-S", "-B"]) as started:
        yield started


def ask(url: str, body: bytes | None = None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"}
    try:
        with urlopen(Request(url, body, headers), timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_create_order_lists_what_is_sold(emulator: FunctionComputeEmulator) -> None:
    status, answer = ask(emulator.url("create-order") + "/v1/products")
    assert status == 200, emulator.logs("create-order")
    assert answer["products"]


def test_license_fetch_shows_its_public_key(emulator: FunctionComputeEmulator) -> None:
    status, answer = ask(emulator.url("license-fetch") + "/v1/keys")
    assert status == 200, emulator.logs("license-fetch")
    assert [key["kid"] for key in answer["keys"]] == ["test-1"]


def test_notify_refuses_what_is_not_signed(emulator: FunctionComputeEmulator) -> None:
    status, answer = ask(emulator.url("notify") + "/v1/notify/wechatpay", b"{}")
    assert 400 <= status < 500, emulator.logs("notify")
    assert answer["code"]


def test_a_timer_without_a_job_fails_and_says_so(
        emulator: FunctionComputeEmulator) -> None:
    done = emulator.invoke("timers", timer_event("due", "no-such-job"))
    assert done.kind == "error"
    assert json.loads(done.payload)["errorType"] == "JobFailed", emulator.logs("timers")


def test_admin_answers_an_act_that_it_does_not_know(emulator: FunctionComputeEmulator) -> None:
    done = emulator.invoke("admin", b'{"act":"nothing","actor":"ann"}')
    assert done.ok, emulator.logs("admin")
    assert json.loads(done.payload)["error"]["field"] == "act"


def test_the_packages_are_not_written_to(
        emulator: FunctionComputeEmulator, packages: dict[str, Built]) -> None:
    for name, built in packages.items():
        emulator.invoke(name, b"{}")
        assert _files(built.folder) == built.files


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))

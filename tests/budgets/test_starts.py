"""What starting a function may load. Counted, never timed: scripts/bench does the timing.

The ceilings are today's counts and some room for other Pythons; a new dependency on the way of
`notify` or `license-fetch` shows here first.
"""

from __future__ import annotations

import functools
import ssl
from typing import TYPE_CHECKING

import certifi
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.budgets.starts import Started, StartFailed, packages, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.benchmark.merchant import Merchant

HOT = ("notify", "license_fetch")
UNHURRIED = ("timers", "admin")
"""Nobody waits for their start; still it is a cold start every so often, and memory."""
ALL = ("create_order", *HOT, *UNHURRIED)

MOST_IMPORTED = {"create_order": 225, "notify": 95, "license_fetch": 110,
                 "timers": 115, "admin": 235}
MOST_INITIALIZED = {"create_order": 570, "notify": 505, "license_fetch": 520,
                    "timers": 590, "admin": 590}

NEVER = {"wechatpayv3", "requests", "flask", "werkzeug", "numpy", "httpx", "unittest", "pytest",
         "jwt", "joserfc", "emulators", "tests", "scripts", "aliyun_fc2", "setuptools"}
NEVER_ON_THE_HOT_PATH = {"pydantic", "pydantic_core", "annotated_types", "decimal", "zoneinfo"}
SLOW_PARTS = {"cryptography.x509", "cryptography.hazmat.primitives.serialization.ssh",
              "asyncio.windows_events", "http.server", "multiprocessing"}
"""Modules of packages that are needed otherwise."""


@pytest.fixture(scope="module")
def started(merchant: Merchant) -> Callable[[str], Started]:
    environment = {**merchant.environment(), "SSL_CERT_FILE": certifi.where()}
    return functools.cache(lambda function: start(function, environment))


@pytest.mark.parametrize("function", ALL)
def test_the_import_of_a_function_is_small(
        started: Callable[[str], Started], function: str) -> None:
    assert len(started(function).imported) <= MOST_IMPORTED[function]


@pytest.mark.parametrize("function", ALL)
def test_the_import_of_a_function_loads_no_client_of_a_service(
        started: Callable[[str], Started], function: str) -> None:
    assert not {"tablestore", "aiohttp", "urllib3", "ssl"} & packages(started(function).imported)


@pytest.mark.parametrize("function", ALL)
def test_an_initialized_function_has_not_loaded_more_than_it_may(
        started: Callable[[str], Started], function: str) -> None:
    assert len(started(function).initialized) <= MOST_INITIALIZED[function]


@pytest.mark.parametrize("function", ALL)
def test_no_function_loads_what_it_does_not_need(
        started: Callable[[str], Started], function: str) -> None:
    assert not NEVER & packages(started(function).initialized)


@pytest.mark.parametrize("function", HOT)
def test_notify_and_license_fetch_load_no_models_and_no_slow_parts(
        started: Callable[[str], Started], function: str) -> None:
    modules = started(function).initialized
    assert not NEVER_ON_THE_HOT_PATH & packages(modules)
    assert not SLOW_PARTS & modules


def test_notify_loads_no_way_out_to_wechat_pay(started: Callable[[str], Started]) -> None:
    adapters = {name for name in started("notify").initialized
                if name.startswith("shared.adapters.wechatpay.")}
    assert not {f"shared.adapters.wechatpay.{name}"
                for name in ("gateway", "transport", "http_client", "signer")} & adapters


@pytest.mark.parametrize("function", ALL)
def test_a_start_reads_no_certificates_and_opens_no_connection(
        started: Callable[[str], Started], function: str) -> None:
    assert ssl.create_default_context(cafile=certifi.where()).get_ca_certs()
    assert started(function).certificates == 0
    assert started(function).connection_pools == 0


@pytest.mark.parametrize("function", ALL)
def test_after_a_start_the_certificates_are_where_they_were(
        started: Callable[[str], Started], function: str) -> None:
    assert started(function).certificate_file == certifi.where()


@pytest.mark.parametrize("function", ["create_order", "license_fetch"])
def test_a_start_does_not_check_the_arithmetic_of_the_merchants_key(
        merchant: Merchant, function: str) -> None:
    """A key that such a check refuses is not noticed: so none was made (it takes 30 ms)."""
    broken = _with_a_wrong_part(merchant.merchant_key)
    with pytest.raises(ValueError, match=r"(?i)key"):
        serialization.load_pem_private_key(broken, None)
    environment = {**merchant.environment(), "WECHATPAY_MERCHANT_KEY": broken.decode()}
    assert start(function, environment).initialized


def test_a_start_without_a_needed_setting_fails_so_that_these_tests_can_fail(
        merchant: Merchant) -> None:
    environment = merchant.environment()
    del environment["WECHATPAY_PUBLIC_KEY"]
    with pytest.raises(StartFailed, match="WECHATPAY_PUBLIC_KEY"):
        start("notify", environment)


def _with_a_wrong_part(key: rsa.RSAPrivateKey) -> bytes:
    numbers = key.private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d, numbers.dmp1 - 2, numbers.dmq1, numbers.iqmp,
        numbers.public_numbers).private_key(unsafe_skip_rsa_key_validation=True)
    return wrong.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption())

"""Settings: each one missing or wrong fails at start, by name, without its value."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import fields
from pathlib import Path

import pytest

from shared.secret import MissingSetting, Secret
from shared.settings import InvalidSetting, Settings, load_settings
from shared.variables import ALL, NOTIFY, VARIABLES

GOOD = {
    "TONGBAO_ENVIRONMENT": "test", "TONGBAO_PREFIX": "TB01",
    "TONGBAO_TABLESTORE_ENDPOINT": "https://shop.cn-hangzhou.ots.aliyuncs.com",
    "TONGBAO_TABLESTORE_INSTANCE": "shop",
    "TONGBAO_NOTIFY_URL": "https://pay.shop-of-tests.cn/v1/notify/wechatpay",
    "TONGBAO_SIGNING_KID": "2026-11", "TONGBAO_SIGNING_KEY": "canary-of-the-signing-key",
    "TONGBAO_LICENSE_SECRETS": '{"1":"canary-of-the-first-license-secret"}',
    "TONGBAO_KEY_SET": "head.body.signature",
    "WECHATPAY_MCHID": "1230000109", "WECHATPAY_APPID": "wxd678efh567hg6787",
    "WECHATPAY_MERCHANT_SERIAL": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
    "WECHATPAY_MERCHANT_KEY": "-----BEGIN PRIVATE KEY-----\\ncanary-of-the-merchant-key",
    "WECHATPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_0100000000",
    "WECHATPAY_PUBLIC_KEY": "-----BEGIN PUBLIC KEY-----\\nAAAA",
    "WECHATPAY_API_V3_KEY": "canary-of-the-api-v3-key-32-chr."}
CERTIFICATE = (Path(__file__).parents[1] / "vectors" / "wechatpay" / "keys"
               / "platform_certificate.pem").read_text(encoding="utf-8")
LIVE = {**GOOD, "TONGBAO_ENVIRONMENT": "live"}
SECRETS = ("TONGBAO_SIGNING_KEY", "TONGBAO_LICENSE_SECRETS", "WECHATPAY_MERCHANT_KEY",
           "WECHATPAY_API_V3_KEY")
NEEDED = [(function, variable.name) for function in ALL for variable in VARIABLES.values()
          if function in variable.needed_by]


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("environ", [GOOD, LIVE])
def test_good_settings_are_taken(function: str, environ: dict[str, str]) -> None:
    settings = load_settings(environ, function)
    assert settings.live == (environ is LIVE)
    assert (settings.order_lifetime_s, settings.wait_s) == (7200, 0)
    assert settings.wechatpay_base_url == "https://api.mch.weixin.qq.com"


def test_the_table_fills_every_field_and_names_each_variable_once() -> None:
    assert set(VARIABLES) == {field.name for field in fields(Settings)}
    names = [variable.name for variable in VARIABLES.values()]
    assert len(set(names)) == len(names)
    assert all(variable.meaning for variable in VARIABLES.values())
    assert not [name for name in names if name.startswith("FC_")]


def test_a_variable_without_a_default_is_needed_somewhere() -> None:
    for variable in VARIABLES.values():
        assert variable.needed_by or variable.default is not None, variable.name


@pytest.mark.parametrize(("function", "name"), NEEDED)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_a_missing_setting_fails_by_its_name(function: str, name: str, how: str) -> None:
    environ = without(name) if how == "absent" else {**GOOD, name: ""}
    with pytest.raises(MissingSetting, match=rf"\b{name}\b"):
        load_settings(environ, function)


@pytest.mark.parametrize("function", ALL)
def test_no_function_needs_a_setting_of_another(function: str) -> None:
    mine = {variable.name for variable in VARIABLES.values() if function in variable.needed_by}
    mine |= {"WECHATPAY_PUBLIC_KEY", "WECHATPAY_PUBLIC_KEY_ID"}
    settings = load_settings({name: GOOD[name] for name in mine}, function)
    for field, variable in VARIABLES.items():
        value = getattr(settings, field)
        if variable.name not in mine and not variable.default and isinstance(value, Secret):
            with pytest.raises(MissingSetting, match=variable.name):
                value.reveal()


PLATFORM_PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
CERTIFICATES = json.dumps({"5157F0": PLATFORM_PEM})
"""As it must be written: JSON spells the line breaks with a backslash of its own."""


def test_wechat_is_known_by_its_public_key_and_by_its_certificates_side_by_side() -> None:
    both = load_settings({**GOOD, "WECHATPAY_PLATFORM_CERTIFICATES": CERTIFICATES}, NOTIFY)
    assert both.wechatpay_keys() == {
        "PUB_KEY_ID_0100000000": GOOD["WECHATPAY_PUBLIC_KEY"], "5157F0": PLATFORM_PEM}


def test_an_older_merchant_needs_no_public_key_but_one_of_both_must_be_there() -> None:
    neither = {**GOOD, "WECHATPAY_PUBLIC_KEY": "", "WECHATPAY_PUBLIC_KEY_ID": ""}
    older = load_settings({**neither, "WECHATPAY_PLATFORM_CERTIFICATES": CERTIFICATES}, NOTIFY)
    assert list(older.wechatpay_keys()) == ["5157F0"]
    with pytest.raises(MissingSetting, match=r"\bWECHATPAY_PUBLIC_KEY\b"):
        load_settings(neither, NOTIFY)


@pytest.mark.parametrize("name", ["WECHATPAY_PUBLIC_KEY", "WECHATPAY_PUBLIC_KEY_ID"])
def test_a_public_key_goes_with_its_id(name: str) -> None:
    with pytest.raises(InvalidSetting, match=r"\bWECHATPAY_PUBLIC_KEY\b"):
        load_settings({**GOOD, name: ""}, NOTIFY)


def test_only_license_fetch_holds_the_signing_key_and_only_notify_the_api_key() -> None:
    assert VARIABLES["signing_key"].needed_by == ("license-fetch",)
    assert VARIABLES["signing_kid"].needed_by == ("license-fetch",)
    assert VARIABLES["wechatpay_api_v3_key"].needed_by == ("notify",)
    assert NOTIFY not in VARIABLES["wechatpay_merchant_key"].needed_by


WRONG = [
    ("TONGBAO_ENVIRONMENT", "production"), ("TONGBAO_PREFIX", "TB0"), ("TONGBAO_PREFIX", "TBIL"),
    ("TONGBAO_PREFIX", "tb01"), ("TONGBAO_WAIT_S", "21"), ("TONGBAO_WAIT_S", "-1"),
    ("TONGBAO_WAIT_S", "1.5"), ("TONGBAO_WAIT_S", "\uff11"), ("TONGBAO_WAIT_S", "1_0"),
    ("TONGBAO_WAIT_S", " 1"), ("TONGBAO_WAIT_S", "9" * 5000),
    ("TONGBAO_ORDER_LIFETIME_S", "59"), ("TONGBAO_ORDER_LIFETIME_S", "604801"),
    ("TONGBAO_ORDERS_PER_MINUTE", "0"), ("TONGBAO_ORDERS_BURST", "0"),
    ("TONGBAO_NOTIFY_URL", "https://pay.example.cn/v1/notify/wechatpay?a=b"),
    ("WECHATPAY_API_V3_KEY", "x" * 31), ("WECHATPAY_API_V3_KEY", "x" * 33),
    ("WECHATPAY_PLATFORM_CERTIFICATES", "{"), ("WECHATPAY_PLATFORM_CERTIFICATES", "[]"),
    ("WECHATPAY_PLATFORM_CERTIFICATES", '{"a":1}'),
    ("WECHATPAY_PLATFORM_CERTIFICATES", "[" * 100_000),
    ("TONGBAO_LICENSE_SECRETS", "{"), ("TONGBAO_LICENSE_SECRETS", "[]"),
    ("TONGBAO_LICENSE_SECRETS", '{"1":7}'),
    ("TONGBAO_LICENSE_SECRETS", json.dumps({"1": "s" * 31})),
    *(("TONGBAO_LICENSE_SECRETS", json.dumps({version: "s" * 32}))
      for version in ("", "0", "10", "12", "a", "\uff11")),
    ("TONGBAO_LICENSE_SECRETS", json.dumps({"1": "s" * 32, "2": "t" * 32}).replace("2", "1")),
    ("TONGBAO_RESTORES_PER_MINUTE", "0"), ("TONGBAO_RESTORES_PER_MINUTE", "-1")]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_fails_by_its_name_and_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=rf"\b{name}\b") as caught:
        load_settings({**GOOD, name: value}, NOTIFY)
    assert caught.value.name == name
    assert len(value) < 5 or value not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [
    ("TONGBAO_WAIT_S", "20"), ("TONGBAO_ORDER_LIFETIME_S", "60"),
    ("TONGBAO_ORDER_LIFETIME_S", "604800"), ("TONGBAO_ORDERS_BURST", "1"),
    ("TONGBAO_LICENSE_SECRETS", json.dumps({"1": "s" * 32, "9": "t" * 32})),
    ("TONGBAO_RESTORES_PER_MINUTE", "1"),
    ("WECHATPAY_PLATFORM_CERTIFICATES", '{"5157":"-----BEGIN PUBLIC KEY-----"}')])
def test_the_last_good_value_is_good(name: str, value: str) -> None:
    load_settings({**GOOD, name: value}, NOTIFY)


def test_live_has_a_prefix_that_somebody_chose() -> None:
    """With REFUND_HELD another shop's payments of the same prefix would go back."""
    load_settings({**GOOD, "TONGBAO_PREFIX": "TEST"}, NOTIFY)
    load_settings({**LIVE, "TONGBAO_PREFIX": "TES7"}, NOTIFY)
    with pytest.raises(InvalidSetting, match="TONGBAO_PREFIX"):
        load_settings({**LIVE, "TONGBAO_PREFIX": "TEST"}, NOTIFY)


ADDRESSES = ["http://pay.shop-of-tests.cn/x", "https://127.0.0.1/x", "https://10.0.0.8/x",
             "https://192.168.1.2/x", "https://169.254.169.254/x", "https://100.100.100.200/x",
             "https://localhost/x", "https://localhost./x", "https://shop.internal/x",
             "https://shop.internal./x", "https://shop.local/x", "https://shop.test/x",
             "https://shop.localhost/x",
             "https://[::1]/x", "https://[fd00::1.2.3.4]/x", "https://[::ffff:10.0.0.1]/x",
             "https://user@pay.shop-of-tests.cn/x", "https://127.1/x", "https://0x7f.0.0.1/x",
             "https://0177.0.0.1/x", "https://2130706433/x", "https:///x", "https://[/x",
             "ftp://pay.shop-of-tests.cn/x", "//pay.shop-of-tests.cn/x", "pay.shop-of-tests.cn"]
PLACES = ("TONGBAO_TABLESTORE_ENDPOINT", "TONGBAO_NOTIFY_URL", "WECHATPAY_BASE_URL")


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_live_goes_to_public_https_only(name: str, address: str) -> None:
    load_settings({**GOOD, name: address}, NOTIFY)
    with pytest.raises(InvalidSetting, match=name):
        load_settings({**LIVE, name: address}, NOTIFY)


@pytest.mark.parametrize("address", [
    "https://shop.cn-hangzhou.ots.aliyuncs.com", "https://shop.cn-hangzhou.vpc.tablestore.aliyuncs.com",
    "https://api2.wechatpay.cn", "https://8.8.8.8/x", "https://pay.shop-of-tests.cn:8443/x",
    "https://PAY.Shop-Of-Tests.CN/x", "https://123.com/x"])
def test_live_takes_public_addresses(address: str) -> None:
    for name in PLACES:
        load_settings({**LIVE, name: address}, NOTIFY)


@pytest.mark.parametrize(("name", "value"), [
    ("WECHATPAY_MCHID", "1900000001"), ("WECHATPAY_MCHID", "1900000109"),
    ("WECHATPAY_MCHID", "1900009191"),
    ("TONGBAO_SIGNING_KID", "test-1"), ("TONGBAO_SIGNING_KID", "TEST"),
    ("WECHATPAY_PUBLIC_KEY", "-----BEGIN PUBLIC KEY-----TESTING ONLY"),
    ("WECHATPAY_PLATFORM_CERTIFICATES", '{"5157":"-----BEGIN TESTING KEY-----"}'),
    ("WECHATPAY_CA", CERTIFICATE),
    ("WECHATPAY_MERCHANT_KEY", "-----BEGIN TESTING KEY-----")])
def test_live_refuses_what_belongs_to_tests(name: str, value: str) -> None:
    load_settings({**GOOD, name: value}, NOTIFY)
    with pytest.raises(InvalidSetting, match=name) as caught:
        load_settings({**LIVE, name: value}, NOTIFY)
    assert value not in str(caught.value)


@pytest.mark.parametrize("show", [repr, str, lambda it: f"{it}", lambda it: f"{it!r:.9999}"])
def test_secrets_hide_in_every_text(show: object) -> None:
    text = show(load_settings(GOOD, "license-fetch"))  # type: ignore[operator]
    assert "canary" not in text
    for name in SECRETS:
        assert f"Secret({name})" in text


def test_a_secret_is_seen_by_reveal_alone() -> None:
    secret = load_settings(GOOD, "license-fetch").signing_key
    assert {str(secret), repr(secret), f"{secret}"} == {"Secret(TONGBAO_SIGNING_KEY)"}
    assert secret.reveal() == "canary-of-the-signing-key"
    assert secret
    assert not Secret("EMPTY", "")
    for copying in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            copying(secret)
    with pytest.raises(TypeError):
        vars(secret)


def test_an_empty_secret_fails_by_name_when_used() -> None:
    with pytest.raises(MissingSetting, match="WECHATPAY_API_V3_KEY"):
        Secret("WECHATPAY_API_V3_KEY", "").reveal()


def test_a_pem_on_one_line_stays_as_it_is_for_the_loader_of_keys() -> None:
    assert load_settings(GOOD, NOTIFY).wechatpay_public_key == GOOD["WECHATPAY_PUBLIC_KEY"]


def test_a_value_may_live_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("  from-the-file\n", encoding="utf-8")
    settings = load_settings({**GOOD, "TONGBAO_SIGNING_KEY": f"file:{path}"}, "license-fetch")
    assert settings.signing_key.reveal() == "from-the-file"


@pytest.mark.parametrize("text", [
    "/etc/ssl/ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    CERTIFICATE[:-60]])
def test_authorities_are_certificates_and_not_a_path(text: str) -> None:
    for good in (CERTIFICATE, CERTIFICATE.replace("\n", "\\n")):
        assert load_settings({**GOOD, "WECHATPAY_CA": good}, NOTIFY).wechatpay_ca == good
    with pytest.raises(InvalidSetting, match="WECHATPAY_CA"):
        load_settings({**GOOD, "WECHATPAY_CA": text}, NOTIFY)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"", b" \n"])
def test_a_file_that_gives_no_value_fails_by_the_settings_name(tmp_path: Path,
                                                               content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((InvalidSetting, MissingSetting), match="TONGBAO_SIGNING_KEY") as caught:
        load_settings({**GOOD, "TONGBAO_SIGNING_KEY": f"file:{path}"}, "license-fetch")
    assert str(path) not in str(caught.value)
    assert "0xff" not in str(caught.value)


def test_another_source_of_secrets_is_one_more_entry() -> None:
    settings = load_settings({**GOOD, "TONGBAO_SIGNING_KEY": "kms:one"}, "license-fetch",
                             sources={"kms": lambda reference: f"<{reference}>"})
    assert settings.signing_key.reveal() == "<one>"

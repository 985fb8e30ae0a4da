"""What must be signed, by which key, and what an unsigned or badly signed request is told."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.wechatpay import Account, WeChatPayEmulator
from emulators.wechatpay.authorization import parse_authorization
from tests.emulators.wechatpay.merchant import (
    NONCE,
    Clock,
    Merchant,
    document,
    refusal,
    signed_by,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WINDOW_S = 300
CERTIFICATES = "/v3/certificates"
QUERY_PATH = "/v3/pay/transactions/out-trade-no/ORDER0001"


def openssl_accepts(folder: Path, pem: str, message: bytes, signature: str) -> bool:
    """Ask the openssl command, which shares no code with the emulator."""
    (folder / "key.pem").write_text(pem)
    (folder / "signature").write_bytes(base64.b64decode(signature))
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", folder / "key.pem",
         "-signature", folder / "signature"], input=message, capture_output=True, check=False)
    return done.returncode == 0


def test_openssl_verifies_an_answer(merchant: Merchant, tmp_path: Path) -> None:
    answer = merchant.create()
    headers = answer.headers
    message = (f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode()
               + answer.body + b"\n")
    pem = merchant.account.wechatpay_public_key_pem
    assert openssl_accepts(tmp_path, pem, message, headers["Wechatpay-Signature"])
    assert not openssl_accepts(tmp_path, pem, message + b" ", headers["Wechatpay-Signature"])


def test_openssl_verifies_a_notify(
        merchant: Merchant, tmp_path: Path) -> None:
    merchant.create()
    headers, body = merchant.emulator.build_notify("ORDER0001")
    message = (f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode()
               + body + b"\n")
    assert openssl_accepts(tmp_path, merchant.account.wechatpay_public_key_pem, message,
                           headers["Wechatpay-Signature"])


def test_openssl_reads_the_same_serial_from_the_certificates(
        account: Account, tmp_path: Path) -> None:
    account.save(tmp_path)
    for file, serial in (("merchant_certificate.pem", account.merchant_serial),
                         ("platform_certificate.pem", account.platform_serial)):
        shown = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", tmp_path / file],
                               capture_output=True, text=True, check=True).stdout
        assert shown.strip() == f"serial={serial}"
        assert len(serial) == 40


def test_an_answer_is_signed_with_the_key_the_request_names(merchant: Merchant) -> None:
    merchant.create()
    account = merchant.account
    target = f"{QUERY_PATH}?mchid={account.mchid}"
    for asked, expected in ((account.public_key_id, account.public_key_id),
                            (account.platform_serial, account.platform_serial),
                            (None, account.platform_serial)):
        answer = merchant.send("GET", target, wechatpay_serial=asked)
        assert signed_by(account, answer.headers, answer.body) == expected


def test_a_public_key_only_merchant_always_gets_the_public_key(
        make_merchant: Callable[..., Merchant]) -> None:
    merchant = make_merchant(public_key_only=True)
    answer = merchant.send("GET", f"{QUERY_PATH}?mchid={merchant.account.mchid}",
                           wechatpay_serial=None)
    assert signed_by(merchant.account, answer.headers, answer.body) == (
        merchant.account.public_key_id)


def test_a_wrong_public_key_id_is_a_bare_system_error(merchant: Merchant) -> None:
    wrong = merchant.account.public_key_id[:-1] + "x"
    answer = merchant.send("POST", "/v3/pay/transactions/native", merchant.order(),
                           wechatpay_serial=wrong)
    assert refusal(answer)[:2] == (500, "SYSTEM_ERROR")
    assert merchant.emulator.orders == {}


def test_a_wrong_platform_serial_is_a_param_error(merchant: Merchant) -> None:
    answer = merchant.send("GET", CERTIFICATES, wechatpay_serial="7" * 40)
    assert refusal(answer)[:2] == (400, "PARAM_ERROR")


def test_business_refusals_are_signed(merchant: Merchant) -> None:
    answer = merchant.query("ORDER9999")
    assert answer.status == 404
    assert merchant.genuine(answer.headers, answer.body)


def change_one(merchant: Merchant, method: str = "GET", body: bytes = b"",
               **changes: str) -> tuple[int, str]:
    """Send a request whose Authorization differs in one field; status and message."""
    target = f"{QUERY_PATH}?mchid={merchant.account.mchid}"
    headers = {**merchant.headers(method, target, body),
               "Authorization": merchant.authorization(method, target, body, **changes)}
    answer = merchant.emulator.handle(method, target, headers, body)
    return answer.status, document(answer)["code"]


def test_the_right_authorization_passes(merchant: Merchant) -> None:
    assert change_one(merchant) == (404, "ORDER_NOT_EXIST")


@pytest.mark.parametrize("changes", [
    {"mchid": "1900000001"},
    {"nonce_str": NONCE[::-1]},
    {"nonce_str": ""},
    {"nonce_str": "n" * 33},
    {"signature": base64.b64encode(b"x" * 256).decode()},
    {"signature": "not-base64"},
    {"signature": ""},
    {"timestamp": "1760000001"},
    {"timestamp": "now"},
    {"timestamp": "-1"},
    {"serial_no": "7" * 40},
    {"serial_no": "PUB_KEY_ID_1"},
])
def test_one_wrong_field_is_a_sign_error(merchant: Merchant, changes: dict[str, str]) -> None:
    assert change_one(merchant, **changes) == (401, "SIGN_ERROR")


@pytest.mark.parametrize(("offset_s", "status"), [
    (-WINDOW_S, 200), (WINDOW_S, 200), (-WINDOW_S - 1, 401), (WINDOW_S + 1, 401)])
def test_the_timestamp_may_be_five_minutes_off(
        account: Account, offset_s: int, status: int) -> None:
    ours, theirs = Clock(), Clock()
    ours.now_s += offset_s
    with WeChatPayEmulator(account, theirs) as emulator:
        assert Merchant(emulator, ours).create().status == status


def test_the_signature_covers_method_path_query_and_body(merchant: Merchant) -> None:
    body = json.dumps(merchant.order()).encode()
    path = "/v3/pay/transactions/native"
    headers = merchant.headers("POST", path, body)
    handle = merchant.emulator.handle
    assert handle("POST", path, headers, body + b" ").status == 401
    assert handle("POST", path + "?a=1", headers, body).status == 401
    query = f"{QUERY_PATH}?mchid={merchant.account.mchid}"
    assert handle("GET", query, merchant.headers("POST", query), b"").status == 401
    assert merchant.emulator.orders == {}
    assert handle("POST", path, headers, body).status == 200


def test_a_sign_error_shows_what_was_verified(merchant: Merchant) -> None:
    target = f"{QUERY_PATH}?mchid={merchant.account.mchid}"
    answer = merchant.emulator.handle("GET", target, merchant.headers("GET", "/other"), b"")
    shown = document(answer)["detail"]["sign_information"]
    assert shown["method"] == "GET"
    assert shown["url"] == target
    assert shown["truncated_sign_message"].startswith(f"GET\n{target}\n")


def test_refused_authentication_is_answered_unsigned(merchant: Merchant) -> None:
    for target in (QUERY_PATH, CERTIFICATES):
        answer = merchant.send("GET", target, authorization="Bearer token")
        assert answer.status == 401
        assert not [name for name in answer.headers if name.startswith("Wechatpay-")]
        assert ("Request-Id" in answer.headers) is (target == CERTIFICATES)


def test_other_products_want_accept_and_user_agent_first(merchant: Merchant) -> None:
    for header in ("accept", "user_agent"):
        assert merchant.send("GET", CERTIFICATES, **{header: None}).status == 400
    assert merchant.send("GET", QUERY_PATH, user_agent=None, authorization=None).status == 401
    assert merchant.create().status == 200


def test_unknown_paths_and_methods_have_empty_answers(merchant: Merchant) -> None:
    for method, target, status in (("GET", "/v3/pay/transactions/native", 405),
                                   ("POST", "/v3/pay/transactions/nothing", 404),
                                   ("GET", "/v3/pay/transactions/native/", 404)):
        answer = merchant.send(method, target)
        assert (answer.status, answer.body) == (status, b"")


FIELDS = ("mchid", "nonce_str", "signature", "timestamp", "serial_no")
VALUES = {"mchid": "1900000001", "nonce_str": "abc", "signature": "QUJD", "timestamp": "1",
          "serial_no": "7A"}


@given(st.permutations(FIELDS))
def test_the_fields_may_stand_in_any_order(names: list[str]) -> None:
    listed = ",".join(f'{name}="{VALUES[name]}"' for name in names)
    parsed = parse_authorization(f"WECHATPAY2-SHA256-RSA2048 {listed}")
    assert parsed is not None
    assert vars(parsed) == VALUES


GOOD = "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{VALUES[name]}"' for name in FIELDS)


@pytest.mark.parametrize("bad", [
    "", " ", "WECHATPAY2-SHA256-RSA2048", GOOD.replace(",", ", ", 1), GOOD + ",", " " + GOOD,
    GOOD.lower(), GOOD.replace("RSA2048", "SM3"), GOOD.replace('"', "'"),
    GOOD.replace('mchid="1900000001",', ""), GOOD + ',mchid="1900000001"', GOOD + ',more="1"',
    GOOD.replace("1900000001", "１９００００００００１"), GOOD.replace('"1"', '"٣"'), GOOD + "\n",
])
def test_any_other_form_is_refused(bad: str) -> None:
    assert parse_authorization(GOOD) is not None
    assert parse_authorization(bad) is None


@given(header=st.one_of(
    st.text(),
    st.text().map(lambda text: "WECHATPAY2-SHA256-RSA2048 " + text),
    st.lists(st.tuples(st.sampled_from((*FIELDS, "x")), st.text()), max_size=7).map(
        lambda pairs: "WECHATPAY2-SHA256-RSA2048 " + ",".join(
            f'{name}="{value}"' for name, value in pairs)),
    st.tuples(st.integers(0, len(GOOD)), st.characters(codec="utf-8")).map(  # as text() has them
        lambda at: GOOD[:at[0]] + at[1] + GOOD[at[0]:])))
@settings(deadline=None)
def test_garbage_is_a_sign_error_and_never_a_crash(account: Account, header: str) -> None:
    with WeChatPayEmulator(account, Clock()) as emulator:
        answer = emulator.handle("GET", QUERY_PATH, {"Authorization": header}, b"")
    assert (answer.status, document(answer)["code"]) == (401, "SIGN_ERROR")


@given(target=st.text(), body=st.binary(), method=st.text())
@settings(deadline=None)
def test_any_request_has_an_answer(
        account: Account, method: str, target: str, body: bytes) -> None:
    with WeChatPayEmulator(account, Clock()) as emulator:
        answer = emulator.handle(method, "/v3/pay/transactions/" + target, {}, body)
    assert answer.status in (401, 404, 405)

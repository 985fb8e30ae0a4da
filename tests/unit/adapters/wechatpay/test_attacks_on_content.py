"""Notifies with a content we do not take, most of them properly signed."""

from __future__ import annotations

import gzip
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.refusals import GENUINE, refusal, refused
from tests.unit.adapters.wechatpay.wechat_side import Notify, dumps, transaction

if TYPE_CHECKING:
    from collections.abc import Callable


# 20: other kinds of genuine messages

@pytest.mark.parametrize("event", [
    "REFUND.PROCESSING", "REFUND.success", "COMPLAINT.CREATED", "PAYSCORE.USER_CONFIRM",
    "TRANSACTION.SUCCESS ", "transaction.success", ""])
def test_an_event_of_a_kind_that_is_not_taken(event: str) -> None:
    assert refused(GENUINE.but(envelope={"event_type": event})) == "event_type_not_payment"


@pytest.mark.parametrize("event", [
    "REFUND.SUCCESS", "REFUND.ABNORMAL", "COMPLAINT.CREATE", "COMPLAINT.STATE_CHANGE"])
def test_an_event_of_another_kind_around_a_payment(event: str) -> None:
    assert refused(GENUINE.but(envelope={"event_type": event})) == "envelope_malformed"


@pytest.mark.parametrize("resource", [
    {"original_type": "refund"}, {"original_type": None}, {"associated_data": "refund"},
    {"associated_data": "certificate"}, {"associated_data": 1}, {"associated_data": ["refund"]}])
def test_a_payment_event_around_another_kind_of_resource(resource: dict[str, Any]) -> None:
    assert refused(GENUINE.but(resource=resource)) == "envelope_malformed"


@pytest.mark.parametrize("envelope", [
    {"event_type": None}, {"event_type": 1}, {"event_type": ["TRANSACTION.SUCCESS"]},
    {"resource_type": None}, {"resource_type": "plain"}, {"resource": None}, {"resource": []},
    {"resource": "x"}])
def test_an_envelope_of_another_shape(envelope: dict[str, Any]) -> None:
    assert refused(GENUINE.but(envelope=envelope)) == "envelope_malformed"


@pytest.mark.parametrize("word", ["NOTPAY", "CLOSED", "USERPAYING", "REVOKED", "PAYERROR"])
def test_a_payment_event_about_an_unpaid_order(word: str) -> None:
    assert refused(Notify(dumps(transaction(trade_state=word)))) == "trade_state_contradicts_event"


@pytest.mark.parametrize("word", ["PAID", "success", "", 1, True, None, ["SUCCESS"]])
def test_a_trade_state_nobody_knows(word: Any) -> None:
    assert refused(Notify(dumps(transaction(trade_state=word)))) == "trade_state_unknown"


# 21: another deployment

def test_a_notify_sealed_for_another_api_v3_key() -> None:
    sealed = wechat.seal(dumps(transaction()), key=b"StagingKeyOfTongbao0123456789012")
    assert refused(GENUINE.but(resource={"ciphertext": sealed})) == "resource_not_decryptable"


# 22, 23, 24: bodies that were touched on the way

@pytest.mark.parametrize("touch", [
    lambda body: body.replace(b'":"', b'": "', 1), lambda body: body + b"\n",
    lambda body: b" " + body, lambda body: body.replace(b"/", rb"\/"),
    lambda body: body.decode().encode("gbk"), lambda body: b"\xef\xbb\xbf" + body,
    lambda body: body.decode().encode("utf-16"), gzip.compress, b64encode,
    lambda body: body[:-1], lambda body: b"", lambda body: body.replace("支".encode(), rb"\u652f"),
])
def test_a_body_that_is_not_the_signed_bytes(touch: Callable[[bytes], bytes]) -> None:
    headers, body = GENUINE.send()
    assert touch(body) != body
    assert refusal(headers, touch(body)) == "signature_wrong"


# 25 to 30: bodies that WeChat would never sign, but signed

@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b'"x"', b"1", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"), b"[" * 1000 + b"]" * 1000, b'{"a":' * 1000 + b"1" + b"}" * 1000,
    b'{"a":' + b"9" * 4301 + b"}", b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}',
    b'{"a":"\\u0000"}', b'{"a":"\x00"}', b"{} {}"])
def test_a_body_that_is_not_one_json_object(body: bytes) -> None:
    assert refused(GENUINE.but(body=body)) == "body_not_json"


@pytest.mark.parametrize("key", ["event_type", "resource"])
def test_a_body_with_a_doubled_key(key: str) -> None:
    body = GENUINE.body_bytes()
    doubled = body[:-1] + f',"{key}":"x"}}'.encode()
    assert refused(GENUINE.but(body=doubled)) == "body_not_json"


def test_a_plaintext_with_a_doubled_key() -> None:
    plaintext = dumps(transaction())[:-1] + b',"amount":{"total":1,"currency":"CNY"}}'
    assert refused(GENUINE.but(plaintext=plaintext)) == "resource_not_json"


@pytest.mark.parametrize("plaintext", [
    b"x", b"[]", b"null", b"\xff", b"[" * 1000, b'{"amount":NaN}', b"\xef\xbb\xbf{}"])
def test_a_plaintext_that_is_not_one_json_object(plaintext: bytes) -> None:
    assert refused(GENUINE.but(plaintext=plaintext)) == "resource_not_json"


@pytest.mark.parametrize("total", ["19900", True, False, 9900.0, 1.0, None, [9900], {}, -1,
                                   10**13, 2**63 - 1])
def test_an_amount_that_is_not_a_whole_number_of_fen(total: Any) -> None:
    amount = {"total": total, "payer_total": 9900, "currency": "CNY"}
    assert refused(Notify(dumps(transaction(amount=amount)))) == "fact_malformed"


@pytest.mark.parametrize("number", [b"9223372036854775808", b"1e999", b"NaN", b"Infinity"])
def test_an_amount_no_machine_integer_holds(number: bytes) -> None:
    plaintext = dumps(transaction()).replace(b'"total":9900', b'"total":' + number)
    assert refused(GENUINE.but(plaintext=plaintext)) == "resource_not_json"


@pytest.mark.parametrize("currency", [None, "", "cny", "CN", "CNYX", 156, True, ["CNY"], "元元元"])
def test_a_currency_that_is_not_three_capitals(currency: Any) -> None:
    amount = {"total": 9900, "currency": currency}
    assert refused(Notify(dumps(transaction(amount=amount)))) == "fact_malformed"


@pytest.mark.parametrize("field", ["mchid", "appid", "out_trade_no", "transaction_id"])
@pytest.mark.parametrize("value", [None, "", 1900000001, True, "x" * 33, "a\nb", "a\u0000b", "宝",
                                   ["x"], {"x": 1}])
def test_an_identifier_of_another_kind(field: str, value: Any) -> None:
    assert refused(Notify(dumps(transaction(**{field: value})))) in {
        "fact_malformed", "resource_not_json"}


@pytest.mark.parametrize("amount", [None, [], "9900", 9900, {}])
def test_an_amount_of_another_shape(amount: Any) -> None:
    assert refused(Notify(dumps(transaction(amount=amount)))) == "fact_malformed"


@pytest.mark.parametrize("time", [
    None, "", 1_800_000_000, "2027-01-15", "2027-01-15T15:59:55", "2027-01-15 15:59:55+08:00",
    "2027-02-30T15:59:55+08:00", "2027-01-15T25:59:55+08:00", "20270115T155955+0800",
    "2027-01-15T15:59:55+08:00 ", "２０２７-01-15T15:59:55+08:00", "2027-W03-5T15:59:55+08:00",
    "0001-01-01T00:00:00+23:59", "2027-01-15T15:59:55+99:00"])
def test_a_time_of_another_shape(time: Any) -> None:
    assert refused(Notify(dumps(transaction(success_time=time)))) == "fact_malformed"


def test_a_body_beyond_64_kib_is_refused_before_all_else() -> None:
    assert refusal({}, b"x" * (64 * 1024)) == "header_missing"
    assert refusal({}, b"x" * (64 * 1024 + 1)) == "body_too_large"


# 31: the sealed resource

@pytest.mark.parametrize("algorithm", [None, "", "AEAD_AES_128_GCM", "aead_aes_256_gcm",
                                       "AES-256-CBC", "none", 1, ["AEAD_AES_256_GCM"]])
def test_another_cipher(algorithm: Any) -> None:
    assert refused(GENUINE.but(resource={"algorithm": algorithm})) == (
        "resource_algorithm_unsupported")


SEALED = b64decode(wechat.seal(dumps(transaction())))


@pytest.mark.parametrize("sealed", [
    bytes([SEALED[0] ^ 1]) + SEALED[1:], SEALED[:-1] + bytes([SEALED[-1] ^ 1]),
    SEALED[:-16] + bytes([SEALED[-16] ^ 128]) + SEALED[-15:], SEALED[:-12], SEALED[:-4],
    SEALED[1:], SEALED + b"\x00", b"x" * 17], ids=[
        "first bit", "last bit of the tag", "first bit of the tag", "tag of 4", "tag of 12",
        "cut in front", "longer", "one byte"])
def test_a_ciphertext_that_was_touched(sealed: bytes) -> None:
    ciphertext = b64encode(sealed).decode()
    assert refused(GENUINE.but(resource={"ciphertext": ciphertext})) == "resource_not_decryptable"


@pytest.mark.parametrize("ciphertext", [
    None, "", 1, True, ["x"], "!!!!", "AAAA", b64encode(b"x" * 16).decode(),
    b64encode(SEALED).decode().rstrip("=") + "\n", " " + b64encode(SEALED).decode(), "宝宝宝宝"])
def test_a_ciphertext_that_is_none(ciphertext: Any) -> None:
    assert refused(GENUINE.but(resource={"ciphertext": ciphertext})) == "resource_malformed"


@pytest.mark.parametrize(("nonce", "reason"), [
    ("fdasflkja485", "resource_not_decryptable"), ("", "resource_malformed"),
    (None, "resource_malformed"), ("fdasflkja48", "resource_malformed"),
    ("fdasflkja4845", "resource_malformed"), ("x" * 16, "resource_malformed"),
    ("宝" * 12, "resource_malformed"), (12, "resource_malformed")])
def test_another_nonce_of_the_resource(nonce: Any, reason: str) -> None:
    assert refused(GENUINE.but(resource={"nonce": nonce})) == reason


def test_other_associated_data_than_was_sealed() -> None:
    assert refused(GENUINE.but(resource={"associated_data": ""})) == "resource_not_decryptable"

"""The small parts of signing and reading, each at the edges of what it takes."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.wechatpay import base64_strict, rfc3339
from shared.adapters.wechatpay.freshness import WINDOW_S, check_fresh, parse_timestamp
from shared.adapters.wechatpay.reasons import Rejected
from shared.adapters.wechatpay.resource import ResourceCipher
from shared.adapters.wechatpay.signer import SCHEME, RequestSigner
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.refusals import GENUINE, refused

# RFC 3339

@pytest.mark.parametrize(("text", "seconds"), [
    ("1970-01-01T00:00:00Z", 0), ("1970-01-01T08:00:00+08:00", 0),
    ("1969-12-31T23:59:59Z", -1), ("1970-01-02T00:00:01-00:30", 88_201),
    ("2018-06-08T10:34:56+08:00", 1_528_425_296), ("2018-06-08T02:34:56Z", 1_528_425_296)])
def test_a_time_with_an_offset_is_one_moment(text: str, seconds: int) -> None:
    assert rfc3339.parse(text) == seconds


@pytest.mark.parametrize("text", [
    "2018-06-08T10:34:56z", "2018-06-08t10:34:56Z", "2018-06-08T10:34:56", "2018-06-08",
    "2018-06-08T10:34:56+0800", "2018-06-08T10:34:56.5Z", "3018-06-08T10:34:56Z",
    " 2018-06-08T10:34:56Z", "2018-06-08T10:34:56Z\n", "2018-06-31T10:34:56Z"])
def test_other_spellings_of_a_time_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        rfc3339.parse(text)


def test_a_moment_is_written_in_chinese_time() -> None:
    assert rfc3339.format_china(1_528_425_296) == "2018-06-08T10:34:56+08:00"
    assert rfc3339.format_china(0) == "1970-01-01T08:00:00+08:00"


@given(st.integers(0, 2**32))
def test_what_is_written_is_read_back(time_s: int) -> None:
    text = rfc3339.format_china(time_s)
    assert rfc3339.parse(text) == time_s
    assert datetime.fromisoformat(text) == datetime.fromtimestamp(time_s, timezone.utc)


# Base 64

@given(st.binary(max_size=40))
def test_base64_has_one_spelling_per_value(raw: bytes) -> None:
    text = b64encode(raw).decode()
    assert base64_strict.decode(text) == raw
    for other in (text + "\n", text + "=", " " + text, text.replace("+", "-") + "-"):
        assert base64_strict.decode(other) is None


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", "QQ==QQ==", "Q", "宝", "QQ==\n"])
def test_another_spelling_is_none(text: str) -> None:
    assert base64_strict.decode("QQ==") == b"A"
    assert base64_strict.decode(text) is None


# Timestamps

@pytest.mark.parametrize(("text", "seconds"), [
    ("1", 1), ("10", 10), ("1800000000", 1_800_000_000), ("99999999999", 99_999_999_999)])
def test_a_timestamp_is_plain_digits(text: str, seconds: int) -> None:
    assert parse_timestamp(text) == seconds


@pytest.mark.parametrize("text", [
    "", "0", "01", " 1", "1 ", "+1", "-1", "1_0", "1.0", "１", "²", "100000000000", "1\n"])
def test_another_spelling_of_a_timestamp_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="timestamp_malformed"):
        parse_timestamp(text)


def test_the_window_is_five_minutes_both_ways_and_not_a_second_more() -> None:
    assert WINDOW_S == 300
    for apart in (-300, 300):
        check_fresh(1000, 1000 + apart)
    for apart in (-301, 301):
        with pytest.raises(Rejected, match="timestamp_stale"):
            check_fresh(1000, 1000 + apart)


# Signing

def test_a_private_key_is_read_once_and_at_the_first_signature() -> None:
    signer = RequestSigner(mchid="1", serial_no="2", private_key_pem="unreadable")
    with pytest.raises(ValueError, match="cannot be read"):
        signer.authorization("GET", "/", b"", timestamp_s=1, nonce="n")
    good = RequestSigner(mchid="1", serial_no="2", private_key_pem=wechat.pem("merchant_private"))
    first = good.authorization("GET", "/", b"", timestamp_s=1, nonce="n")
    assert first == good.authorization("GET", "/", b"", timestamp_s=1, nonce="n")
    assert first.startswith(f'{SCHEME} mchid="1",nonce_str="n",signature="')
    assert "\n" not in first


# Headers

def test_a_header_of_a_kilobyte_is_the_longest_that_is_read() -> None:
    longest = GENUINE.but(nonce="n" * 1024)
    assert wechat.verifier().verify(*longest.send(), wechat.NOW_S)
    assert refused(GENUINE.but(nonce="n" * 1025)) == "header_malformed"


# Answers to a notify

@pytest.mark.parametrize("status", [400, 401, 499, 500, 599])
def test_every_status_that_makes_wechat_repeat_may_refuse(status: int) -> None:
    assert wechat.verifier().refused(status, "X").status == status


# Sealed parts

@pytest.mark.parametrize("field", ["nonce", "associated_data", "ciphertext"])
@pytest.mark.parametrize("value", [None, 1, b"x", ["x"]])
def test_a_sealed_part_is_made_of_texts(field: str, value: object) -> None:
    sealed = {"algorithm": "AEAD_AES_256_GCM", "nonce": "fdasflkja484",
              "associated_data": "transaction", "ciphertext": wechat.seal(b"{}")}
    cipher = ResourceCipher(wechat.API_V3_KEY)
    assert cipher.decrypt(sealed) == b"{}"
    with pytest.raises(Rejected, match="resource_malformed"):
        cipher.decrypt({**sealed, field: value})

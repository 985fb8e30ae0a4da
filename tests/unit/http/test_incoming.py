"""What a request may carry, and what happens to the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest, PayloadTooLarge, TongbaoError, UnsupportedMedia
from shared.http.incoming import (
    MOST_BODY_BYTES,
    bearer_secret,
    idempotency_key,
    json_object,
)
from shared.http.request import Request
from tests.unit.use_cases.world import SECRET

if TYPE_CHECKING:
    import uuid


def request(body: bytes = b"{}", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", "/", {"content-type": "application/json", **named}, {}, body, "", "-")


@pytest.mark.parametrize("media_type", [
    "application/json", "Application/JSON", "application/json;charset=utf-8",
    "application/json; charset=UTF-8", " application/json ; charset=utf-8 "])
def test_json_in_utf8_is_taken(media_type: str) -> None:
    assert json_object(request(b'{"a":1}', content_type=media_type)) == {"a": 1}


@pytest.mark.parametrize("media_type", [
    "", "text/plain", "application/jsonp", "application/json, application/json",
    "application/json; charset=gbk", "application/json; charset=utf-16", "text/json",
    "application/json;", "application/json; charset=utf-8; charset=gbk", "application / json",
    "appli cation/json", "application/json;\tcharset=utf-8;x=y", "multipart/form-data",
    "application/json\x00", "application/problem+json"])
def test_any_other_media_type_is_415(media_type: str) -> None:
    with pytest.raises(UnsupportedMedia):
        json_object(request(b'{"a":1}', content_type=media_type))


@pytest.mark.parametrize("coding", ["gzip", "identity", "br", ""])
def test_a_content_encoding_is_415(coding: str) -> None:
    with pytest.raises(UnsupportedMedia):
        json_object(request(content_encoding=coding))


def test_size_is_checked_before_anything_is_read() -> None:
    fits = b'{"a":"' + b"x" * (MOST_BODY_BYTES - 8) + b'"}'
    assert len(fits) == MOST_BODY_BYTES
    assert json_object(request(fits))
    with pytest.raises(PayloadTooLarge):
        json_object(request(fits + b" "))
    with pytest.raises(PayloadTooLarge):
        json_object(request(b"\xff" * (MOST_BODY_BYTES + 1)))


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"[]", b"null", b"1", b'"x"', b"{}{}", b"{'a':1}", b'{"a":1,}',
    b'{"a":1,"a":1}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999}',
    b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", b'{"a":' * 3000, b'{"a":"\xff"}',
    b'{"a":"\\ud800"}', b'{"a":"\x00"}', b'{"a":"\\u0000"}', b'{"a":9223372036854775808}',
    b"\xef\xbb\xbf{}", '{"a":1}'.encode("utf-16"), b'{"a":"\n"}', b'{"a":' + b"9" * 5000 + b"}"])
def test_a_body_that_is_no_plain_json_object_is_400(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        json_object(request(body))
    assert (caught.value.code, caught.value.status) == ("INVALID_JSON", 400)
    assert caught.value.reason


@given(st.binary(max_size=64))
def test_any_bytes_are_an_object_or_a_400(body: bytes) -> None:
    try:
        assert isinstance(json_object(request(body)), dict)
    except InvalidRequest as error:
        assert error.status == 400


@given(st.dictionaries(st.text(st.characters(exclude_characters="\x00", codec="utf-8")),
                       st.integers(-2**63, 2**63 - 1)))
def test_every_plain_object_is_read_as_it_is(value: dict[str, int]) -> None:
    assert json_object(request(json.dumps(value).encode())) == value


@pytest.mark.parametrize(("header", "found"), [
    (f"Bearer {SECRET}", SECRET), (f"bearer {SECRET}", SECRET), ("Bearer " + "a" * 43, "a" * 43),
    ("Bearer " + "a" * 128, "a" * 128)])
def test_a_bearer_secret_is_taken(header: str, found: str) -> None:
    assert bearer_secret(request(authorization=header)) == found


@pytest.mark.parametrize("header", [
    "", "Bearer", "Bearer ", SECRET, f"Basic {SECRET}", f"Bearer  {SECRET}", f"Bearer {SECRET} ",
    f" Bearer {SECRET}", f"Bearer {SECRET},Bearer {SECRET}", f"Bearer {SECRET}, Bearer {SECRET}",
    "Bearer " + "a" * 42, "Bearer " + "a" * 129, f"Bearer {SECRET}\n", f"Bearer {SECRET}=",
    "Bearer " + "\u0430" * 43, f"Bearer\t{SECRET}"])
def test_a_malformed_secret_is_none(header: str) -> None:
    assert bearer_secret(request(authorization=header)) is None


def test_no_header_is_no_secret() -> None:
    assert bearer_secret(request()) is None


@pytest.mark.parametrize("key", [
    "0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5BD9CB469FA16570867728950E",
    "dBjftJeZ4CVP-mB92K27uh", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk~.x",
    "0123456789abcdef" * 8, "01234567" * 4])
def test_a_key_of_128_bits_is_taken(key: str) -> None:
    assert idempotency_key(request(idempotency_key=key)) == key


@given(st.uuids(version=4))
def test_every_random_uuid_is_taken(key: uuid.UUID) -> None:
    if len(set(str(key))) >= 8:
        assert idempotency_key(request(idempotency_key=str(key))) == str(key)


@pytest.mark.parametrize("key", [
    "", "1", "order-1", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5bd9cb469fa16570867728950",
    "dBjftJeZ4CVP-mB92K27u", "1234567890-1234567890-1234567890", "a" * 64, "00000000" * 8,
    "1759999999123" * 3, "x" * 129, "01234566" * 4,
    "0123456789abcdef" * 8 + "0",
    "0f8fad5b-d9cb-469f-a165-70867728950e,0f8fad5b-d9cb-469f-a165-70867728950e",
    "0f8fad5b-d9cb-469f-a165-70867728950e, 7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "0f8fad5b-d9cb-469f-a165-70867728950e ", '"0f8fad5b-d9cb-469f-a165-70867728950e"',
    "0f8fad5b-d9cb-469f-a165-70867728950e\n", "\u0430" * 40 + "bcdefgh"])
def test_a_key_that_cannot_be_random_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(TongbaoError) as caught:
        idempotency_key(request(idempotency_key=key))
    assert caught.value.code == "IDEMPOTENCY_KEY_REQUIRED"
    assert caught.value.status == 400
    assert not key or key not in repr(caught.value)


def test_no_key_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        idempotency_key(request())
    assert caught.value.code == "IDEMPOTENCY_KEY_REQUIRED"

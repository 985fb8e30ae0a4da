"""base64url: one text for one value, and no other text."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base64url import InvalidBase64url, b64url, digest_b64url, from_b64url


@given(st.binary(max_size=80))
def test_what_is_written_is_read_and_is_the_standards_form(raw: bytes) -> None:
    text = b64url(raw)
    assert text == base64.b64encode(raw, altchars=b"-_").decode().rstrip("=")
    assert from_b64url(text) == raw
    assert digest_b64url(raw) == b64url(hashlib.sha256(raw).digest())


@given(st.text(max_size=12))
def test_a_text_is_what_its_bytes_are_written_as_or_is_refused(text: str) -> None:
    try:
        raw = from_b64url(text)
    except InvalidBase64url as refused:
        assert str(refused) == "not base64url"
        return
    assert b64url(raw) == text


@pytest.mark.parametrize("text", [
    "A", "AAAAA", "AB", "AAB", "AA=", "AA==", "AAA=", "=", "AA AA", "AAAA\n", "\nAAAA", "+A", "/w",
    "AA.A", "A\u00e9", "\uff21\uff21", "AAAA=AAA", "A\x00AA"])
def test_another_spelling_is_refused(text: str) -> None:
    assert [from_b64url(good) for good in ("AA", "AAA", "AAAA", "-A", "_w")] == [
        b"\0", b"\0\0", b"\0\0\0", b"\xf8", b"\xff"]
    with pytest.raises(InvalidBase64url):
        from_b64url(text)


def test_only_padding_is_cut_off() -> None:
    assert [b64url(raw) for raw in (b"\0\0\x17", b"\0\0\0", b"\0\0", b"\0")] == [
        "AAAX", "AAAA", "AAA", "AA"]

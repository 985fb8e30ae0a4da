"""The DER reader, on keys put together by hand: where each limit of its rules lies."""

from __future__ import annotations

import pytest

from shared.adapters.wechatpay import der


def element(tag: int, content: bytes, *, length: bytes | None = None) -> bytes:
    """One DER element; `length` spells its length in another way."""
    size = len(content)
    short = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + (short if length is None else length) + content


def key_info(*, exponent: bytes = element(2, b"\x01\x00\x01"), unused: bytes = b"\x00",
             modulus_head: bytes = b"\x00", algorithm: bytes = der.RSA_ENCRYPTION) -> bytes:
    """A SubjectPublicKeyInfo put together by hand."""
    modulus = element(2, modulus_head + b"\xc1" * 256)
    return element(0x30, algorithm + element(3, unused + element(0x30, modulus + exponent)))


def test_the_key_made_by_hand_is_a_key() -> None:
    modulus = int.from_bytes(b"\xc1" * 256, "big")
    assert der.rsa_public_numbers(key_info()) == (modulus, 65537)


@pytest.mark.parametrize("changes", [
    {"exponent": element(2, b"\x00\x01\x00\x01")}, {"exponent": element(2, b"")},
    {"exponent": element(2, b"\x81")}, {"exponent": element(2, b"\x03", length=b"\x81\x01")},
    {"exponent": element(2, b"\x03", length=b"\x82\x00\x01")},
    {"exponent": element(4, b"\x03")}, {"exponent": element(2, b"\x03") + b"\x00"},
    {"exponent": b""}, {"exponent": b"\x02\x85\x01"}, {"modulus_head": b""},
    {"modulus_head": b"\x00\x00"}, {"unused": b"\x01"}, {"unused": b""},
    {"algorithm": der.RSA_ENCRYPTION[:-2]},
    {"algorithm": bytes.fromhex("300d06092a864886f70d01010b0500")}])
def test_a_key_spelt_in_another_way_is_refused(changes: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match=r"."):
        der.rsa_public_numbers(key_info(**changes))


NUMBER_OF_128_BYTES = b"\x01" * 128
"""The shortest content whose length needs the long form (X.690 §8.1.3.4)."""


def test_the_shortest_length_that_needs_the_long_form_is_read() -> None:
    exponent = element(2, NUMBER_OF_128_BYTES, length=b"\x81\x80")
    _, read = der.rsa_public_numbers(key_info(exponent=exponent))
    assert read == int.from_bytes(NUMBER_OF_128_BYTES, "big")


def test_the_mark_of_an_indefinite_length_is_no_length_of_128() -> None:
    exponent = element(2, NUMBER_OF_128_BYTES, length=b"\x80")
    with pytest.raises(ValueError, match="long form"):
        der.rsa_public_numbers(key_info(exponent=exponent))


def test_the_largest_number_of_one_byte_is_read() -> None:
    _, read = der.rsa_public_numbers(key_info(exponent=element(2, b"\x7f")))
    assert read == 0x7F


def test_a_first_byte_of_0x80_makes_a_number_negative() -> None:
    with pytest.raises(ValueError, match="positive integer"):
        der.rsa_public_numbers(key_info(exponent=element(2, b"\x80")))

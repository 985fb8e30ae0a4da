"""Reads an RSA public key from its DER form (SubjectPublicKeyInfo, RFC 5280 §4.1, RFC 8017).

Forty lines instead of `cryptography…serialization`, because that package always loads its SSH
half: a fifth of the import time of `notify`, which must answer within seconds from cold even
on a small share of a CPU. The key itself is then built by cryptography's public
`RSAPublicNumbers`; only two integers are read here, and the tests compare them with
`serialization` for keys of all kinds.
"""

from __future__ import annotations

SEQUENCE, INTEGER, BIT_STRING = 0x30, 0x02, 0x03
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
"""AlgorithmIdentifier of rsaEncryption with its NULL parameter."""


def rsa_public_numbers(der: bytes) -> tuple[int, int]:
    """(modulus, exponent) of an RSA SubjectPublicKeyInfo; raises ValueError for all else."""
    info = _content(der, SEQUENCE)
    if not info.startswith(RSA_ENCRYPTION):
        raise ValueError("not an RSA public key")
    bits = _content(info[len(RSA_ENCRYPTION):], BIT_STRING)
    if bits[:1] != b"\x00":
        raise ValueError("a key has no unused bits")
    numbers = _content(bits[1:], SEQUENCE)
    modulus, rest = _split(numbers, INTEGER)
    return _unsigned(modulus), _unsigned(_content(rest, INTEGER))


def _content(der: bytes, tag: int) -> bytes:
    """The content of the one element that `der` is."""
    content, rest = _split(der, tag)
    if rest:
        raise ValueError("data after the end")
    return content


def _split(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element and what follows it."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("another element was expected")
    length, start = der[1], 2
    if length >= 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
        if length < 0x80 or der[2] == 0:
            raise ValueError("a length in its long form without need")
    end = start + length
    if end > len(der):
        raise ValueError("data ends early")
    return der[start:end], der[end:]


def _unsigned(content: bytes) -> int:
    if not content or content[0] >= 0x80 or (content[0] == 0 and content[1:2] < b"\x80"):
        raise ValueError("not a positive integer in its shortest form")
    return int.from_bytes(content, "big")

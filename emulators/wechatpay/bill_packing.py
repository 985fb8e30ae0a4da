"""Gzips bill files, also ones too large to hold: a bomb is one small block, many times over."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib

FILLER = b" " * (1 << 20)
_GZIP_HEAD = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255))


def pack(content: bytes, filler_bytes: int = 0) -> bytes:
    """``content`` and that many spaces after it, as one gzip member."""
    if not filler_bytes:
        return gzip.compress(content, mtime=0)
    whole, rest = divmod(filler_bytes, len(FILLER))
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
    # A full flush ends on a byte and forgets what came before, so the block can be repeated.
    block = packer.compress(FILLER) + packer.flush(zlib.Z_FULL_FLUSH)
    tail = packer.compress(FILLER[:rest]) + packer.flush(zlib.Z_FINISH)
    checksum = zlib.crc32(content)
    for part in _parts(whole, rest):
        checksum = zlib.crc32(part, checksum)
    size = (len(content) + filler_bytes) & 0xFFFFFFFF
    return _GZIP_HEAD + head + block * whole + tail + struct.pack("<II", checksum, size)


def sha1_of(content: bytes, filler_bytes: int = 0) -> str:
    """The SHA-1 of the unpacked file, as hex."""
    digest = hashlib.sha1(content)
    for part in _parts(*divmod(filler_bytes, len(FILLER))):
        digest.update(part)
    return digest.hexdigest()


def _parts(whole: int, rest: int) -> list[bytes]:
    return [FILLER] * whole + [FILLER[:rest]]

"""CRC-8 with the polynomial 0x07, the checksum of PlainBuffer's cells and rows."""

from __future__ import annotations


def _crc_table() -> bytes:
    table = bytearray()
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1) ^ (0x107 if byte & 0x80 else 0)
        table.append(byte)
    return bytes(table)


TABLE = _crc_table()


def crc8(data: bytes, crc: int = 0) -> int:
    """CRC-8, polynomial 0x07, of `data`, going on from `crc`."""
    table = TABLE
    for byte in data:
        crc = table[crc ^ byte]
    return crc

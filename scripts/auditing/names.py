"""Hash chains and derived names, once more, from their description in docs/audit.md."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LENGTH = 26


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the form in which events and records are stored."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def heads(kind: str, subject: str, events: Sequence[str]) -> list[str]:
    """The head of the chain after 0, 1, 2 … events, each a stored text."""
    head = _sha256(f"tongbao.history.v1\n{kind}\n{subject}")
    found = [head]
    for text in events:
        head = _sha256(f"{head}\n{text}")
        found.append(head)
    return found


def derived(kind: str, *parts: str) -> str:
    """The 26 symbols that name an order, a license, a grant or a refund."""
    raw = b""
    for part in ("tongbao", kind, *parts):
        data = part.encode()
        raw += len(data).to_bytes(4, "big") + data
    number = int.from_bytes(hashlib.sha256(raw).digest(), "big") >> (256 - 5 * ID_LENGTH)
    symbols = []
    for _ in range(ID_LENGTH):
        number, value = divmod(number, 32)
        symbols.append(SYMBOLS[value])
    return "".join(reversed(symbols))


def spread(name: str) -> str:
    """The key of a row that is named by others: four hex digits of its hash, and the name."""
    return f"{_sha256(name)[:4]}:{name}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

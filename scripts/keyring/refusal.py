"""Why `scripts/keys` does not do something: one error for all of it."""

from __future__ import annotations


class KeysRefused(Exception):
    """`reason` is a stable code; the text says what to do, and never holds a private part."""

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)

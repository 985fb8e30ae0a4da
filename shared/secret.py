"""A value that must not be seen: its repr, str and pickle say nothing of it."""

from __future__ import annotations

from typing import NoReturn, Protocol


class MissingSetting(Exception):
    """A setting that this function needs is not there; the message names it."""


class Secret:
    """Holds the secret setting `name`; `reveal` is the only way to its value."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """The value; raises MissingSetting by name when it is empty."""
        if not self._value:
            raise MissingSetting(f"the setting {self.name} is missing")
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never serialised")


class SecretSource(Protocol):
    """A place where the values of settings are kept: files, or a secret store.

    A setting names it by its scheme ("file:/path"); `shared.settings` lists them.
    """

    def __call__(self, reference: str) -> str:
        """The value kept under this reference; raises ValueError, which never shows it."""

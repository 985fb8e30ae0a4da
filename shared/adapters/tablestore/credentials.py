"""Who we are to the cloud, read anew for every call, because a role's keys expire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class AccessKey:
    """One access key; only its id may be shown."""

    key_id: str
    key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


class Credentials(Protocol):
    """A source of the access key that is good now."""

    def current(self) -> AccessKey:
        """Called once per request; cheap."""


class MissingCredentials(Exception):
    """The environment names no access key."""


class EnvironmentCredentials:
    """The variables in which Function Compute keeps the role's temporary key up to date."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def current(self) -> AccessKey:
        """Raises MissingCredentials."""
        try:
            key_id = self._environ["ALIBABA_CLOUD_ACCESS_KEY_ID"]
            key_secret = self._environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
        except KeyError as missing:
            raise MissingCredentials(f"{missing.args[0]} is not set") from None
        return AccessKey(key_id, key_secret,
                         self._environ.get("ALIBABA_CLOUD_SECURITY_TOKEN") or None)

"""The signed key set as the server holds it: handed on as it is, and never trusted for it.

Clients check its signature against a pinned root. Here it is only read, so that a deployment
whose leases no client would take fails at its start, and so that its end is watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.base64url import from_b64url
from shared.strict_json import loads_object

KEYS_TYPE = "tongbao-keys+jwt"
EXPIRES_SOON_S = 60 * 86_400
"""How long before its end somebody is told to sign the next one."""

SET_FIELDS: dict[str, tuple[type, ...]] = {
    "iss": (str,), "env": (str,), "seq": (int,), "exp": (int,), "keys": (list,)}
KEY_FIELDS: dict[str, tuple[type, ...]] = {
    "kid": (str,), "x": (str,), "status": (str,), "from": (int,), "until": (int, type(None))}
STATUSES = ("active", "retired", "withdrawn")


class InvalidKeySet(ValueError):
    """The text is no key set, or not one that this deployment can sign under."""


@dataclass(frozen=True)
class KeySet:
    """`text` is the JWS; the rest is what it says."""

    text: str
    issuer: str
    environment: str
    seq: int
    ends_at_s: int
    keys: tuple[dict[str, Any], ...]

    @staticmethod
    def read(text: str) -> KeySet:
        """The set in a JWS; raises InvalidKeySet. The signature is the clients' to check."""
        try:
            head, payload, signature = text.split(".")
            kind, said = loads_object(from_b64url(head)), loads_object(from_b64url(payload))
            from_b64url(signature)
        except ValueError:  # InvalidBase64url and InvalidJson are such
            raise InvalidKeySet("is not a signed key set") from None
        if (kind.get("typ") != KEYS_TYPE or not _has(said, SET_FIELDS)
                or not all(_has(key, KEY_FIELDS) and key["status"] in STATUSES
                           for key in said["keys"])):
            raise InvalidKeySet("is not a signed key set")
        return KeySet(text, said["iss"], said["env"], said["seq"], said["exp"], tuple(
            {name: key[name] for name in KEY_FIELDS} for key in said["keys"]))

    def refuse_unless_active(self, kid: str, public_key: str, *, issuer: str,
                             environment: str) -> None:
        """Raise InvalidKeySet unless leases signed by this key here count for its clients."""
        if (self.issuer, self.environment) != (issuer, environment):
            raise InvalidKeySet("is another deployment's or environment's")
        if not any(key["kid"] == kid and key["x"] == public_key and key["status"] == "active"
                   for key in self.keys):
            raise InvalidKeySet("does not have the signing key among its active keys")

    def public_keys(self) -> list[dict[str, Any]]:
        """The keys that count as JWKs (RFC 8037 §2): for people and programs, not for trust."""
        return [{"kty": "OKP", "crv": "Ed25519", "kid": key["kid"], "alg": "Ed25519",
                 "use": "sig", "x": key["x"]}
                for key in self.keys if key["status"] != "withdrawn"]


def _has(value: object, fields: dict[str, tuple[type, ...]]) -> bool:
    """Whether this is an object with these fields of these types; a bool is no int."""
    return type(value) is dict and all(
        name in value and type(value[name]) in kinds for name, kinds in fields.items())

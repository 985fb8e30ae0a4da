"""The signed key set: which signing keys count, because an offline root says so.

Pure: no files, no clock. The form is that of docs/licenses.md, a JWS (RFC 7515) whose JSON has
one spelling only. `scripts.keyring.steps` makes the next set from the former one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from scripts.keyring.encoding import compact_json, is_public_key, thumbprint
from scripts.keyring.refusal import KeysRefused
from shared.base64url import b64url, from_b64url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEY_SET_TYPE = "tongbao-keys+jwt"
ALGORITHM = "Ed25519"
ACTIVE, RETIRED, WITHDRAWN = "active", "retired", "withdrawn"
ENVIRONMENTS = ("test", "live")
KID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
ISSUER = re.compile(r"tongbao:[0-9A-HJKMNP-TV-Z]{4}")
LATEST_S = 253_402_300_799
"""The end of the year 9999: later moments have no date."""
LARGEST_SEQ = 2**53 - 1
"""Beyond it clients in JavaScript cannot count."""


class Signer(Protocol):
    """A root that can sign; `scripts.keyring.private_keys.Root` is one."""

    x: str
    kid: str

    def sign(self, message: bytes) -> bytes:
        """The signature."""


class NewKey(NamedTuple):
    """The public half of a signing key: `x` is base64url of 32 bytes."""

    kid: str
    x: str


@dataclass(frozen=True)
class ListedKey:
    """A key as a set lists it: it may have signed leases whose `iat` lies within from and until."""

    kid: str
    x: str
    status: str
    from_s: int
    until_s: int | None


@dataclass(frozen=True)
class KeySet:
    """One set: `seq` rises with every set of a deployment, `ends_at_s` is its `exp`."""

    issuer: str
    environment: str
    seq: int
    issued_at_s: int
    ends_at_s: int
    keys: tuple[ListedKey, ...]

    def find(self, kid: str) -> ListedKey | None:
        """The key of this name."""
        return next((key for key in self.keys if key.kid == kid), None)

    def of_status(self, status: str) -> list[ListedKey]:
        """The keys that are active, retired or withdrawn."""
        return [key for key in self.keys if key.status == status]


def sign(key_set: KeySet, root: Signer) -> str:
    """The set as a JWS; raises KeysRefused when it is not one that a client should see."""
    check(key_set)
    if any(key.x == root.x for key in key_set.keys):
        raise KeysRefused("root_signs_leases", "a root must not be a signing key; make one with "
                          "`scripts/keys signing`")
    signed = f"{_header(root.x)}.{b64url(compact_json(_claims(key_set)))}"
    return f"{signed}.{b64url(root.sign(signed.encode()))}"


def verify(token: str, roots: Iterable[str]) -> KeySet:
    """The set that one of these roots (each the `x` of one) signed, ended or not.

    Raises KeysRefused: foreign_root, bad_signature, invalid_set.
    """
    header, _, rest = token.strip().partition(".")
    payload, _, signature = rest.partition(".")
    x = {_header(root): root for root in roots}.get(header)
    if x is None:
        raise KeysRefused("foreign_root", "not a key set of this root; if another root signed "
                          "it, name that one's public half with --root-pub")
    try:
        Ed25519PublicKey.from_public_bytes(from_b64url(x)).verify(
            from_b64url(signature), f"{header}.{payload}".encode())
        raw = from_b64url(payload)
    except (InvalidSignature, ValueError):
        raise KeysRefused("bad_signature", "the key set was changed or cut after it was signed; "
                          "take it from GET /v1/keys") from None
    return _read(raw)


def check(key_set: KeySet) -> None:
    """Raise KeysRefused (invalid_set, invalid_key) for what must never be signed."""
    if ISSUER.fullmatch(key_set.issuer) is None:
        raise _invalid("the issuer is tongbao: and the four symbols of TONGBAO_PREFIX")
    if key_set.environment not in ENVIRONMENTS:
        raise _invalid("the environment is test or live")
    if not _whole(key_set.seq, 1, LARGEST_SEQ):
        raise _invalid("seq is a whole number from 1")
    if not (_whole(key_set.issued_at_s, 0, LATEST_S)
            and _whole(key_set.ends_at_s, key_set.issued_at_s + 1, LATEST_S)):
        raise _invalid("the set must end after it begins")
    for key in key_set.keys:
        _check_key(key, key_set.environment)
    for names in ([key.kid for key in key_set.keys], [key.x for key in key_set.keys]):
        if len(set(names)) < len(names):
            raise _invalid("a key stands in it twice")
    if not key_set.of_status(ACTIVE):
        raise _invalid("no key would be active; announce one more with it")


def _check_key(key: ListedKey, environment: str) -> None:
    check_kid(key.kid, environment)
    if not is_public_key(key.x):
        raise KeysRefused("invalid_key", f"the x of {key.kid} is no Ed25519 public key; copy what "
                          "`scripts/keys signing` printed")
    if not _whole(key.from_s, 0, LATEST_S):
        raise _invalid(f"{key.kid} begins at no moment")
    if (key.until_s is None) != (key.status == ACTIVE):
        raise _invalid(f"{key.kid}: active keys have no end, all others have one")
    if key.until_s is not None and not _whole(key.until_s, key.from_s, LATEST_S):
        raise _invalid(f"{key.kid} ends before it begins")
    if key.status not in (ACTIVE, RETIRED, WITHDRAWN):
        raise _invalid(f"{key.kid} is neither active nor retired nor withdrawn")


def check_kid(kid: str, environment: str) -> None:
    """Raise KeysRefused (invalid_key) for a name that the environment does not take."""
    if KID.fullmatch(kid) is None:
        raise KeysRefused("invalid_key", "a kid has 1 to 32 letters, digits, . _ - and begins "
                          "with a letter or digit: 2026-11-a")
    if environment == "live" and kid.lower().startswith("test"):
        raise KeysRefused("invalid_key", f"{kid} names a test key, and live refuses it; make one "
                          "for live")


def _header(x: str) -> str:
    """One spelling: so a header is compared, and nothing is read that is not verified."""
    return b64url(compact_json({"alg": ALGORITHM, "kid": thumbprint(x), "typ": KEY_SET_TYPE}))


def _claims(key_set: KeySet) -> dict[str, Any]:
    return {"v": 1, "iss": key_set.issuer, "env": key_set.environment, "seq": key_set.seq,
            "iat": key_set.issued_at_s, "exp": key_set.ends_at_s,
            "keys": [{"kid": key.kid, "x": key.x, "status": key.status, "from": key.from_s,
                      "until": key.until_s} for key in key_set.keys]}


def _read(raw: bytes) -> KeySet:
    try:
        found = json.loads(raw)
        key_set = KeySet(found["iss"], found["env"], found["seq"], found["iat"], found["exp"],
                         tuple(_listed(key) for key in found["keys"]))
        check(key_set)
    except (ValueError, KeyError, TypeError):
        raise _invalid("it is of another form") from None
    if compact_json(_claims(key_set)) != raw:  # more fields, another v, a doubled name
        raise _invalid("it is of another form")
    return key_set


def _listed(found: Mapping[str, Any]) -> ListedKey:
    return ListedKey(found["kid"], found["x"], found["status"], found["from"], found["until"])


def _whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _invalid(text: str) -> KeysRefused:
    return KeysRefused("invalid_set", f"the key set cannot be used: {text}")

"""RSA keys from PEM text: what verifies WeChat's messages, and what signs ours.

Start-up only loads; what is slow or needs a network of modules (a private key's arithmetic,
certificates) is checked by `validate_keys` before a deployment (scripts/check_settings).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from shared.adapters.wechatpay import base64_strict, der

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

SMALLEST_KEY_BITS = 2048
API_V3_KEY_BYTES = 32


class UnusableKey(ValueError):
    """A configured key that cannot be used; the message never repeats any of it."""


class VerificationKey(NamedTuple):
    """A public key of WeChat Pay, and when it may be used (None: without end).

    A "WeChat Pay public key" has no end; a platform certificate lasts five years.
    """

    public_key: RSAPublicKey
    valid_from_s: int | None = None
    valid_until_s: int | None = None

    @property
    def signature_bytes(self) -> int:
        """Length of every signature of this key."""
        return (self.public_key.key_size + 7) // 8


def load_verification_keys(pems: Mapping[str, str]) -> dict[str, VerificationKey]:
    """Keys by the exact text of `Wechatpay-Serial`: PUB_KEY_ID_… or a certificate's serial.

    `pems` maps that text to a PEM public key or a PEM platform certificate; both kinds live
    side by side while WeChat moves a merchant from one to the other (4012154180). Raises
    UnusableKey.
    """
    return {serial: _load_verification_key(pem) for serial, pem in pems.items()}


def load_public_key(pem: str) -> RSAPublicKey:
    """The key of a `BEGIN PUBLIC KEY` block; raises UnusableKey."""
    body = _block(pem, "PUBLIC KEY")
    raw = base64_strict.decode(body)
    if raw is None:
        raise UnusableKey("the public key is not base64")
    try:
        modulus, exponent = der.rsa_public_numbers(raw)
        key = RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        raise UnusableKey("the public key is not an RSA key") from None
    return _large_enough(key)


def load_private_key(pem: str) -> RSAPrivateKey:
    """The merchant's key (PKCS#8 or PKCS#1), without the 30 ms check of its arithmetic.

    A wrong private key cannot harm anybody: WeChat refuses what it signs. `validate_keys`
    makes the check once, when deploying. Raises UnusableKey.
    """
    return _private_key(pem, check=False)


def validate_keys(pems: Mapping[str, str], private_key_pem: str, api_v3_key: bytes,
                  now_s: int) -> None:
    """Every check that is too slow for a start, for use when deploying; raises UnusableKey."""
    for serial, key in load_verification_keys(pems).items():
        if not is_valid_at(key, now_s):
            raise UnusableKey(f"the certificate {serial} is not valid now")
    merchant = _private_key(private_key_pem, check=True).public_key().public_numbers()
    for key in load_verification_keys(pems).values():
        if key.public_key.public_numbers() == merchant:
            raise UnusableKey("the merchant's own key is configured as WeChat's")
    if len(api_v3_key) != API_V3_KEY_BYTES:
        raise UnusableKey("an APIv3 key has 32 bytes")


def is_valid_at(key: VerificationKey, now_s: int) -> bool:
    """Whether the key may be used at `now_s`."""
    return ((key.valid_from_s is None or key.valid_from_s <= now_s)
            and (key.valid_until_s is None or now_s <= key.valid_until_s))


def _load_verification_key(pem: str) -> VerificationKey:
    if "BEGIN CERTIFICATE" not in pem:
        return VerificationKey(load_public_key(pem))
    from cryptography import x509  # slow to import, and new merchants have no certificate
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    try:
        certificate = x509.load_pem_x509_certificate(_as_lines(pem).encode())
    except ValueError:
        raise UnusableKey("the certificate cannot be read") from None
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise UnusableKey("the certificate has no RSA key")
    return VerificationKey(_large_enough(key),
                           int(certificate.not_valid_before_utc.timestamp()),
                           int(certificate.not_valid_after_utc.timestamp()))


def _private_key(pem: str, *, check: bool) -> RSAPrivateKey:
    # Imported here: `notify` never signs, and must not pay for this module.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    try:
        key = load_pem_private_key(_as_lines(pem).encode(), None,
                                   unsafe_skip_rsa_key_validation=not check)
    except (ValueError, TypeError):
        raise UnusableKey("the private key cannot be read") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < SMALLEST_KEY_BITS:
        raise UnusableKey("the private key is not RSA with at least 2048 bits")
    return key


def _large_enough(key: RSAPublicKey) -> RSAPublicKey:
    if key.key_size < SMALLEST_KEY_BITS:
        raise UnusableKey("an RSA key needs at least 2048 bits")
    return key


def _block(pem: str, label: str) -> str:
    """The base64 text between the markers, on one line."""
    _, begin, rest = _as_lines(pem).partition(f"-----BEGIN {label}-----")
    body, end, _ = rest.partition(f"-----END {label}-----")
    if not (begin and end):
        raise UnusableKey(f"no {label} block")
    return "".join(body.split())


def _as_lines(pem: str) -> str:
    r"""Environment variables often carry a PEM on one line, its line feeds spelled `\n`."""
    return pem.replace("\\n", "\n").strip() + "\n"

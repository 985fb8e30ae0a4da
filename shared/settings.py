"""Every setting, read once at start from the environment that `shared.bootstrap` hands in.

One table (`shared.variables`) says which function needs what, so that a function holds no secret
it does not use, and a missing one fails at start, by name. A value may say where it is kept
instead of what it is ("file:/path"); another secret store is one more entry in `sources`.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.domain.identifiers import CROCKFORD, PREFIX_LENGTH
from shared.secret import MissingSetting, Secret
from shared.strict_json import loads
from shared.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.secret import SecretSource
    from shared.variables import Variable

TEST_MERCHANTS = ("1900000001", "1900000109", "1900009191")
"""Merchant numbers of WeChat's own examples and of practice; never a real shop's."""
TEST_PREFIX = "TEST"
"""What s.yaml and the examples say where nobody chose one."""

BOUNDS = {"wait_s": (0, 20), "order_lifetime_s": (60, 7 * 86_400), "due_buckets": (1, 16),
          "keep_payer_days": (1, 3_650), "complaint_answer_hours": (1, 72)}
"""The least and the most of what is bounded both ways."""
LEAST_SECRET_CHARACTERS = 32
LICENSE_VERSIONS = ("1", "2", "3", "4", "5", "6", "7", "8", "9")


class InvalidSetting(Exception):
    """A setting has no usable value; the message names it and never shows the value."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"the setting {name} {why}")
        self.name = name


@dataclass(frozen=True)
class Settings:
    """All settings of one function, checked. Secrets hide their values."""

    environment: str
    prefix: str
    tablestore_endpoint: str
    tablestore_instance: str
    notify_url: str
    order_lifetime_s: int
    wait_s: int
    orders_per_minute: int
    orders_burst: int
    due_buckets: int
    payer_pepper: Secret
    keep_payer_days: int
    refund_held: bool
    complaint_answer_hours: int
    complaint_holds_license: bool
    license_secrets: Secret
    restores_per_minute: int
    signing_kid: str
    signing_key: Secret
    key_set: str
    public_host: str
    wechatpay_mchid: str
    wechatpay_appid: str
    wechatpay_base_url: str
    wechatpay_ca: str
    wechatpay_merchant_serial: str
    wechatpay_merchant_key: Secret
    wechatpay_public_key_id: str
    wechatpay_public_key: str
    wechatpay_platform_certificates: str
    wechatpay_api_v3_key: Secret

    @property
    def live(self) -> bool:
        """Whether real money moves here."""
        return self.environment == "live"

    def wechatpay_keys(self) -> dict[str, str]:
        """WeChat's verification keys (PEM) by `Wechatpay-Serial`: public key and platform
        certificates side by side, as during WeChat's migration from one to the other.
        """
        keys = _texts_by_name(self.wechatpay_platform_certificates)
        if self.wechatpay_public_key_id:
            keys[self.wechatpay_public_key_id] = self.wechatpay_public_key
        return keys

    def license_keys(self) -> dict[str, bytes]:
        """The secrets behind license keys, by version; raises MissingSetting when there is none."""
        found = _texts_by_name(self.license_secrets.reveal())
        if not found:
            raise MissingSetting(f"the setting {self.license_secrets.name} is missing")
        return {version: secret.encode() for version, secret in found.items()}

    def nonce_secret(self) -> bytes:
        """The secret behind the nonces of device proofs: made of the newest license secret."""
        newest = max(self.license_keys().items())[1]
        return hmac.new(newest, b"tongbao\ndevice-nonces", "sha256").digest()


def read_file(reference: str) -> str:
    """The text of a file that holds a key."""
    try:
        return Path(reference).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError("cannot be read") from None


SOURCES: dict[str, SecretSource] = {"file": read_file}


def load_settings(environ: Mapping[str, str], function: str,
                  sources: Mapping[str, SecretSource] = SOURCES) -> Settings:
    """The settings of `function`; raises MissingSetting or InvalidSetting, by name."""
    texts = {field: _text(variable, environ, function, sources)
             for field, variable in VARIABLES.items()}
    settings = Settings(**{field.name: _typed(field.name, str(field.type), texts[field.name])
                           for field in fields(Settings)})
    _check(settings)
    if settings.live:
        _check_live(settings)
    return settings


def _text(variable: Variable, environ: Mapping[str, str], function: str,
          sources: Mapping[str, SecretSource]) -> str:
    value = environ.get(variable.name, "")
    if not value:
        if function in variable.needed_by:
            raise MissingSetting(f"the setting {variable.name} is missing")
        return variable.default or ""
    scheme, colon, reference = value.partition(":")
    if colon and scheme in sources:
        return _kept_value(variable.name, sources[scheme], reference)
    return value


def _kept_value(name: str, source: SecretSource, reference: str) -> str:
    try:
        value = source(reference)
    except ValueError as error:
        raise InvalidSetting(name, str(error)) from None
    if not value:
        raise InvalidSetting(name, "is empty where it is kept")
    return value


def _typed(field: str, wanted: str, text: str) -> Any:
    name = VARIABLES[field].name
    if wanted == "Secret":
        return Secret(name, text)
    if wanted == "int":
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise InvalidSetting(name, "must be a whole number")
        return int(text)
    if wanted == "bool":
        if text not in ("0", "1"):
            raise InvalidSetting(name, "must be 0 or 1")
        return text == "1"
    return text


def _check(settings: Settings) -> None:
    def demand(right: bool, field: str, why: str) -> None:
        if not right:
            raise InvalidSetting(VARIABLES[field].name, why)

    demand(settings.environment in ("test", "live"), "environment", "must be test or live")
    demand(len(settings.prefix) == PREFIX_LENGTH and all(c in CROCKFORD for c in settings.prefix),
           "prefix", f"must be {PREFIX_LENGTH} of {CROCKFORD}")
    for field, (least, most) in BOUNDS.items():
        demand(least <= getattr(settings, field) <= most, field,
               f"must be between {least} and {most}")
    for field in ("orders_per_minute", "restores_per_minute", "orders_burst"):
        demand(getattr(settings, field) > 0, field, "must be above 0")
    demand(not settings.payer_pepper
           or len(settings.payer_pepper.reveal()) >= LEAST_SECRET_CHARACTERS, "payer_pepper",
           f"must have at least {LEAST_SECRET_CHARACTERS} characters")
    demand(not settings.notify_url or "?" not in settings.notify_url, "notify_url",
           "must have no query string (WeChat Pay refuses it)")
    demand(not settings.wechatpay_api_v3_key
           or len(settings.wechatpay_api_v3_key.reveal().encode()) == 32,
           "wechatpay_api_v3_key", "must have 32 characters")
    for field, text in (
            ("wechatpay_platform_certificates", settings.wechatpay_platform_certificates),
            ("license_secrets", settings.license_secrets.reveal())):
        try:
            _texts_by_name(text)
        except ValueError:
            raise InvalidSetting(VARIABLES[field].name,
                                 "must be a JSON object of name to text") from None
    demand(all(version in LICENSE_VERSIONS and len(secret) >= LEAST_SECRET_CHARACTERS
               for version, secret in _texts_by_name(settings.license_secrets.reveal()).items()),
           "license_secrets",
           f"must name its secrets 1 to 9, each of at least {LEAST_SECRET_CHARACTERS} characters")
    demand(not settings.wechatpay_ca or _are_certificates(settings.wechatpay_ca),
           "wechatpay_ca", "must be PEM certificates")
    demand(bool(settings.wechatpay_public_key) == bool(settings.wechatpay_public_key_id),
           "wechatpay_public_key", "goes with WECHATPAY_PUBLIC_KEY_ID")
    if not settings.wechatpay_keys():
        raise MissingSetting("the setting WECHATPAY_PUBLIC_KEY is missing")


def _are_certificates(pem: str) -> bool:
    import ssl  # slow, and this setting is rare
    try:
        ssl.create_default_context(cadata=pem.replace("\\n", "\n"))
    except ssl.SSLError:
        return False
    return True


def _texts_by_name(text: str) -> dict[str, str]:
    """A JSON object of texts; raises ValueError, without the text, for anything else."""
    found = loads(text.encode())
    if not isinstance(found, dict) or not all(isinstance(item, str) for item in found.values()):
        raise ValueError("not a JSON object of texts")
    return found


def _check_live(settings: Settings) -> None:
    """Real money: nothing of a test may be left."""
    for field in ("tablestore_endpoint", "notify_url", "wechatpay_base_url"):
        address = getattr(settings, field)
        if address and not _is_public_https(address):
            raise InvalidSetting(VARIABLES[field].name, "must be public https in live")
    if settings.wechatpay_ca:
        raise InvalidSetting("WECHATPAY_CA", "is for tests, refused in live")
    if settings.prefix == TEST_PREFIX:
        # Another shop on the same merchant number may have left it so too: whose is a payment?
        raise InvalidSetting("TONGBAO_PREFIX", "is that of practice, refused in live")
    if settings.wechatpay_mchid in TEST_MERCHANTS:
        raise InvalidSetting("WECHATPAY_MCHID", "is a test merchant, refused in live")
    if settings.signing_kid.lower().startswith("test"):
        raise InvalidSetting("TONGBAO_SIGNING_KID", "names a test key, refused in live")
    for field in ("wechatpay_merchant_key", "wechatpay_public_key",
                  "wechatpay_platform_certificates"):
        value = getattr(settings, field)
        pem = value.reveal() if isinstance(value, Secret) and value else str(value)
        if "TESTING" in pem:
            raise InvalidSetting(VARIABLES[field].name, "is a test key, refused in live")


def _is_public_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme != "https" or "@" in parts.netloc or "." not in host:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        # 127.1 and 0x7f.0.0.1 are addresses to a resolver; no top-level name begins so.
        return (not host.rpartition(".")[2][:1].isdigit()
                and not host.endswith((".local", ".internal", ".localhost", ".test")))

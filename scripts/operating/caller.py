"""Calls the function `admin` by signed InvokeFunction (alibabacloud-fc20230330)."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost")
KEY_ID, KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
KEY_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"
CONNECT_MS, READ_MS = 5_000, 130_000
"""The function itself has 120 s."""


class NotConfigured(Exception):
    """Something that the call needs is missing or wrong; the message names it."""


class OutcomeUnknown(Exception):
    """No answer of the function came: what was asked may have been done."""


class CallRefused(Exception):
    """The platform did not run the function: nothing was done."""


@dataclass(frozen=True)
class Place:
    """Which function is called: its name, and where its API is."""

    function: str
    host: str
    protocol: str = "https"


def find_place(environ: Mapping[str, str], endpoint: str | None) -> Place:
    """The place that the settings of the deployment name (infra/README.md).

    Raises NotConfigured.
    """
    function = f"tongbao-{environ.get('TONGBAO_STAGE') or 'dev'}-admin"
    if endpoint is None:
        account = environ.get("ACCOUNT_ID", "")
        if not (account.isascii() and account.isdigit()):
            raise NotConfigured("set ACCOUNT_ID to the number of the account (infra/README.md)")
        region = environ.get("TONGBAO_REGION") or "cn-hangzhou"
        return Place(function, f"{account}.{region}.fc.aliyuncs.com")
    parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise NotConfigured("an endpoint without https must be on this machine")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise NotConfigured("an endpoint is a host, or http://127.0.0.1:PORT")
    return Place(function, parts.netloc, parts.scheme)


class Admin:
    """The function `admin` of one deployment, called with one access key."""

    def __init__(self, place: Place, environ: Mapping[str, str]) -> None:
        missing = [name for name in (KEY_ID, KEY_SECRET) if not environ.get(name)]
        if missing:
            raise NotConfigured(f"set the access key: {', '.join(missing)}")
        self._place = place
        self._environ = environ

    def call(self, act: Mapping[str, Any]) -> dict[str, Any]:
        """The function's answer; raises CallRefused and OutcomeUnknown."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the SDK's own imports warn
            from alibabacloud_fc20230330 import models
            from alibabacloud_tea_openapi.exceptions import ClientException
            from darabonba.runtime import RuntimeOptions

        body = json.dumps(act, ensure_ascii=False).encode()
        try:
            answer = self._client().invoke_function_with_options(
                self._place.function, models.InvokeFunctionRequest(body=body),
                models.InvokeFunctionHeaders(),
                RuntimeOptions(autoretry=False, connect_timeout=CONNECT_MS,
                               read_timeout=READ_MS))
            text = answer.body.read()
        except ClientException as error:
            raise CallRefused(f"{error.status_code} {error.code}") from None
        except Exception as error:  # the SDK lets the errors of three libraries through
            raise OutcomeUnknown(type(error).__name__) from None
        if (answer.headers or {}).get("x-fc-error-type"):
            raise OutcomeUnknown("the function failed; its log says why")
        return _understood(text)

    def _client(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from alibabacloud_fc20230330.client import Client
            from alibabacloud_tea_openapi.utils_models import Config

        return Client(Config(
            access_key_id=self._environ[KEY_ID], access_key_secret=self._environ[KEY_SECRET],
            security_token=self._environ.get(KEY_TOKEN) or None, endpoint=self._place.host,
            protocol=self._place.protocol))


def _understood(text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        raise OutcomeUnknown("the answer is not JSON") from None
    if not isinstance(answer, dict) or len({"ok", "error"} & set(answer)) != 1:
        raise OutcomeUnknown("the answer is not one of admin's")
    return answer

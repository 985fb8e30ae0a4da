"""Checks what a deployment would be given: see scripts/check_settings.

A function loads its keys without checking their arithmetic, because that takes longer than the
rest of its start. Here is the time for it, and a mistake costs nothing yet. TONGBAO_ROOT_KEYS
may hold the public halves of the roots, spaces between: then the key set's signature is checked.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from scripts.keyring import key_set as signed
from scripts.keyring.refusal import KeysRefused
from scripts.keyring.shown import WARN_DAYS
from shared.adapters.catalogue_file import InvalidCatalogue, load_catalogue
from shared.adapters.ed25519_issuer import InvalidSigningKey
from shared.adapters.system import SystemClock
from shared.adapters.wechatpay.keys import UnusableKey, validate_keys
from shared.bootstrap import check_policies, issuer_and_keys
from shared.domain.calendar import DAY_S
from shared.secret import MissingSetting
from shared.settings import InvalidSetting, load_settings
from shared.variables import ALL, CREATE_ORDER, LICENSE_FETCH, NOTIFY, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.key_set import KeySet

ROOT_KEYS = "TONGBAO_ROOT_KEYS"
MOST_BYTES = 4_096
"""Function Compute takes no more for all variables of a function together."""


def problems(environ: Mapping[str, str]) -> Iterator[str]:
    """What is wrong, one line each; no line shows a value."""
    absent = [variable for variable in VARIABLES.values()
              if variable.needed_by and not environ.get(variable.name)]
    for variable in absent:
        yield f"{', '.join(variable.needed_by)}: the setting {variable.name} is missing"
    if absent:
        return
    settings = {}
    for function in ALL:
        try:
            settings[function] = load_settings(environ, function)
        except (MissingSetting, InvalidSetting) as error:
            yield f"{function}: {error}"
    yield from _too_large(environ)
    if len(settings) < len(ALL):
        return
    now_s = SystemClock().now_s()
    try:
        check_policies(load_catalogue(), settings[CREATE_ORDER])
        _, key_set = issuer_and_keys(settings[LICENSE_FETCH])
        validate_keys(settings[CREATE_ORDER].wechatpay_keys(),
                      settings[CREATE_ORDER].wechatpay_merchant_key.reveal(),
                      settings[NOTIFY].wechatpay_api_v3_key.reveal().encode(),
                      now_s)
    except (InvalidCatalogue, InvalidSetting, InvalidSigningKey, MissingSetting,
            UnusableKey) as error:
        yield str(error)
        return
    yield from _problems_of_keys(key_set, environ.get(ROOT_KEYS, "").split(), now_s)


def _too_large(environ: Mapping[str, str]) -> Iterator[str]:
    """Only license-fetch comes near: it has the merchant's key and the key set."""
    given = {variable.name: environ.get(variable.name) or variable.default or ""
             for variable in VARIABLES.values()
             if not variable.needed_by or LICENSE_FETCH in variable.needed_by}
    size = len(json.dumps(given, ensure_ascii=False).encode())
    if size > MOST_BYTES:
        yield (f"{LICENSE_FETCH}: all variables together take {size} bytes of {MOST_BYTES}; the "
               f"key set has {len(given[VARIABLES['key_set'].name])} of them: renew it, which "
               "leaves out keys that are over")


def _problems_of_keys(key_set: KeySet, roots: list[str], now_s: int) -> Iterator[str]:
    name = VARIABLES["key_set"].name
    if key_set.ends_at_s <= now_s:
        yield f"the setting {name} has ended: no client takes it; see docs/runbooks/keys.md"
    try:
        if roots:
            signed.verify(key_set.text, roots)
    except KeysRefused as refused:
        yield f"the setting {name}: {refused}"


def remarks(environ: Mapping[str, str]) -> Iterator[str]:
    """What is worth knowing of settings that are right."""
    _, key_set = issuer_and_keys(load_settings(environ, LICENSE_FETCH))
    days = (key_set.ends_at_s - SystemClock().now_s()) // DAY_S
    yield f"The key set, seq {key_set.seq}, ends in {days} days." + (
        " Renew it now: docs/runbooks/keys.md." if days < WARN_DAYS else "")
    if not environ.get(ROOT_KEYS):
        yield f"Which root signed it was not checked: no {ROOT_KEYS}."


def main(environ: Mapping[str, str]) -> int:
    """The exit code: 0 when nothing is wrong."""
    found = list(dict.fromkeys(problems(environ)))
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"The settings of {', '.join(ALL)} are complete, and every key can be used.")
        for remark in remarks(environ):
            print(remark)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))

"""Checks what a deployment would be given: see scripts/check_settings.

A function loads its keys without checking their arithmetic, because that takes longer than the
rest of its start. Here is the time for it, and a mistake costs nothing yet.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from shared.adapters.catalogue_file import InvalidCatalogue, load_catalogue
from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer, InvalidSigningKey
from shared.adapters.system import SystemClock
from shared.adapters.wechatpay.keys import UnusableKey, validate_keys
from shared.bootstrap import check_policies
from shared.secret import MissingSetting
from shared.settings import InvalidSetting, load_settings
from shared.variables import ALL, CREATE_ORDER, LICENSE_FETCH, NOTIFY, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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
    if len(settings) < len(ALL):
        return
    try:
        check_policies(load_catalogue(), settings[CREATE_ORDER])
        Ed25519LicenseIssuer(settings[LICENSE_FETCH].signing_keys(), issuer="check")
        validate_keys(settings[CREATE_ORDER].wechatpay_keys(),
                      settings[CREATE_ORDER].wechatpay_merchant_key.reveal(),
                      settings[NOTIFY].wechatpay_api_v3_key.reveal().encode(),
                      SystemClock().now_s())
    except (InvalidCatalogue, InvalidSigningKey, MissingSetting, UnusableKey) as error:
        yield str(error)


def main(environ: Mapping[str, str]) -> int:
    """The exit code: 0 when nothing is wrong."""
    found = list(dict.fromkeys(problems(environ)))
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"The settings of {', '.join(ALL)} are complete, and every key can be used.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))

"""One JSON line per fact on standard output, where Function Compute collects it.

A line carries a dotted stable name, ids and codes; never a payload, a header or a secret.
Names that could carry one are struck out whatever they hold, as a second net.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from shared.alarms import ALARMS
from shared.secret import Secret

if TYPE_CHECKING:
    from shared.ports import Clock

STRUCK_OUT = "[redacted]"
NEVER_LOGGED = ("authorization", "secret", "key", "token", "signature", "body", "payload",
                "openid", "payer", "lease", "password", "out_trade_no", "transaction_id",
                "ciphertext", "private", "cookie")
MOST_CHARACTERS = 256


class JsonLog:
    """Writes facts to `stream`; implements the FactLog port."""

    def __init__(self, stream: TextIO, clock: Clock, function: str) -> None:
        self._stream = stream
        self._clock = clock
        self._function = function
        self.request_id = "-"

    def fact(self, name: str, **fields: Any) -> None:
        """Write one line; None is left out, long text is cut, line breaks are escaped."""
        always = {"fact": name, "at_s": self._clock.now_s(),
                  "function": self._function, "request_id": self.request_id}
        rest = {field: _clean(field, value) for field, value in fields.items()
                if value is not None and field not in always}
        if fields.get("alarm"):
            # A name without an entry is a mistake in our code; it must ring all the same.
            rest["severity"] = ALARMS[name].severity.value if name in ALARMS else "now"
        self._stream.write(_as_json({**always, **rest}) + "\n")
        self._stream.flush()


_as_json = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


@lru_cache(maxsize=256)
def _is_never_logged(field: str) -> bool:
    return any(word in field.lower() for word in NEVER_LOGGED)


def _clean(field: str, value: Any) -> Any:
    if isinstance(value, Secret) or _is_never_logged(field):
        return STRUCK_OUT
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)[:MOST_CHARACTERS]

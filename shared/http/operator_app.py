"""From an operator's call to its act: parsed, done, logged; one shape for answers and errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.http import fc_event
from shared.http.app import known
from shared.http.operator_contract import Act, parse_act

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.errors import TongbaoError
    from shared.ports import FactLog


@dataclass(frozen=True)
class OperatorApp:
    """The acts of one function by their model. Reached by InvokeFunction alone.

    `begin` starts the invocation's deadline and log, from the platform's context.
    """

    acts: Mapping[type[Act], Callable[[Any], Mapping[str, Any]]]
    log: FactLog
    begin: Callable[[object], None]

    def __call__(self, event: object, context: object) -> dict[str, Any]:
        """{"ok": …} or {"error": …}. Never raises: who asked learns what became of it."""
        act: Act | None = None
        try:
            self.begin(context)
            act = parse_act(fc_event.invoked_with(event))
            told = dict(self.acts[type(act)](act))
        except Exception as error:
            return self._refusal(act, known(error, self.log), fc_event.request_id_of(context))
        self.log.fact("admin.acted", act=act.act, actor=act.actor)
        return {"ok": told}

    def _refusal(self, act: Act | None, error: TongbaoError, request_id: str) -> dict[str, Any]:
        self.log.fact("admin.refused", act=act.act if act else None,
                      actor=act.actor if act else None, code=error.code, reason=error.reason)
        return error.as_dict(request_id)

"""Command line of the operators; `scripts/ops` calls it."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from typing import TYPE_CHECKING, Any

from scripts.operating.caller import (
    Admin,
    CallRefused,
    NotConfigured,
    OutcomeUnknown,
    find_place,
)
from scripts.operating.shown import lines, money
from scripts.operating.words import act_of, needs_a_yes, parser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DONE, REFUSED, WRONG, UNKNOWN, NOT_CONFIRMED = 0, 1, 2, 3, 4
NAME = re.compile(r"[a-z0-9._-]{1,40}")
KEYED = ("refund", "gift")


class NotConfirmed(Exception):
    """Nobody said yes: nothing was done."""


class Refused(Exception):
    """The function's own "no"; `error` is its error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["code"])
        self.error = error


def main(arguments: Sequence[str], environ: Mapping[str, str],
         ask: Callable[[str], str] = input) -> int:
    """The exit code: 0 done, 1 refused, 2 wrong, 3 outcome unknown, 4 not confirmed."""
    options = parser().parse_args(arguments)
    try:
        actor = options.actor or environ.get("TONGBAO_OPERATOR", "")
        if NAME.fullmatch(actor) is None:
            raise NotConfigured("set TONGBAO_OPERATOR, or --actor, to your name (a-z 0-9 . _ -)")
        admin = Admin(find_place(environ, options.endpoint), environ)
        act = {**act_of(options), "actor": actor}
        if needs_a_yes(act) and not options.yes:
            _confirm(act, admin, ask)
        if act["act"] in KEYED and "key" not in act:
            act["key"] = secrets.token_urlsafe(18)
            _tell(f"key {act['key']}   (no answer? the same command with --key {act['key']})")
        _print(_done(admin.call(act)), as_json=options.json)
    except Refused as refused:
        return _refusal(refused.error)
    except NotConfigured as error:
        return _failure(str(error), WRONG)
    except CallRefused as error:
        return _failure(f"not called: {error}", REFUSED)
    except OutcomeUnknown as error:
        return _failure(f"outcome unknown: {error}; look before you repeat", UNKNOWN)
    except NotConfirmed:
        return _failure("nothing was done", NOT_CONFIRMED)
    return DONE


def _confirm(act: Mapping[str, Any], admin: Admin, ask: Callable[[str], str]) -> None:
    """Show what it is about, and go on for a yes only. Raises NotConfirmed, Refused."""
    if "order" in act:
        shown = _done(admin.call({"act": "order", "actor": act["actor"], "order": act["order"]}))
        for line in lines({"order": shown["order"]}):
            _tell(line)
        _tell("")
    try:
        said = ask(f"{_question(act)} [yes/no] ")
    except EOFError:
        said = ""
    if said.strip().lower() != "yes":
        raise NotConfirmed


def _question(act: Mapping[str, Any]) -> str:
    if act["act"] == "refund":
        amount = act.get("amount_minor")
        what = "all that is left" if amount is None else money(
            {"amount_minor": amount, "currency": "CNY"})
        return f"Give back {what}?"
    if act["act"] == "gift":
        return f"Give {act['term_days']} days?"
    if act["act"] == "erase":
        return "Forget this buyer's payer hash and all devices?"
    if act["act"] == "approve":
        return f"Let refund {act['refund_id']} go?"
    return f"Give the held payment {act['transaction_id']} back?"


def _done(answer: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise Refused(answer["error"])
    ok: dict[str, Any] = answer["ok"]
    return ok


def _print(ok: dict[str, Any], *, as_json: bool) -> None:
    for line in [json.dumps(ok, ensure_ascii=False)] if as_json else lines(ok):
        print(line)


def _refusal(error: Mapping[str, Any]) -> int:
    field = f" ({error['field']})" if "field" in error else ""
    _tell(f"refused: {error['code']}{field}: {error['message']}\n"
          f"         {error['message_zh']}  request {error['request_id']}")
    return REFUSED


def _failure(text: str, code: int) -> int:
    _tell(text)
    return code


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

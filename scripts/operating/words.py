"""The command line of `scripts/ops`: what can be typed, and the act that it means."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

YUAN = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?")


def parser() -> argparse.ArgumentParser:
    """All commands."""
    top = argparse.ArgumentParser(
        prog="scripts/ops", description="Look at orders, give money back, answer complaints.",
        epilog="Exit codes: 0 done, 1 refused, 2 typed or configured wrongly, 3 the outcome is "
               "unknown (look, then repeat with the same --key), 4 not confirmed.")
    top.add_argument("--endpoint", help="API of Function Compute, for tests: http://127.0.0.1:PORT")
    top.add_argument("--actor", help="your name in the history (default: $TONGBAO_OPERATOR)")
    top.add_argument("--json", action="store_true", help="print the answer as it came")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    _add_order_commands(add)
    held = add("held", "payments that fit no order and wait for somebody")
    held.add_argument("--all", action="store_true", help="settled ones too")
    resolve = add("resolve", "settle a held payment")
    resolve.add_argument("transaction_id")
    resolve.add_argument("how", choices=["refund", "dismiss"])
    _add_reason(resolve, required=False)
    _add_yes(resolve)
    _add_complaint_commands(add("complaint", "buyers' complaints (投诉)"))
    reconcile = add("reconcile", "compare a day's bill with the books, again if need be")
    reconcile.add_argument("day", help="YYYY-MM-DD, Beijing time")
    add("due", "how much the timer has before it")
    return top


def act_of(options: argparse.Namespace) -> dict[str, Any]:
    """The act that `admin` understands, without its actor."""
    given = vars(options)
    fields = {name: given[name] for name in (
        "order", "key", "refund_id", "reason", "hold", "transaction_id", "how", "term_days",
        "complaint_id", "text", "day", "device_id") if given.get(name) is not None}
    if given.get("amount") is not None:
        fields["amount_minor"] = given["amount"]
    if given.get("replace"):
        fields["replace"] = True
    if given.get("all"):
        fields["settled"] = True
    words = {"list": "complaints", "show": "complaint"}
    act = words.get(options.deed, options.deed) if "deed" in given else options.command
    return {"act": act, **fields}


def needs_a_yes(act: dict[str, Any]) -> bool:
    """Whether money, or what is sold for it, leaves the shop by this act, or data for good."""
    return act["act"] in ("refund", "approve", "gift", "erase") or act.get("how") == "refund"


def _add_order_commands(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    def order(name: str, text: str) -> argparse.ArgumentParser:
        made = add(name, text)
        made.add_argument("order", help="order number (商户单号) or order id")
        return made

    order("order", "everything about one order")
    refund = order("refund", "give money back, as far as it was paid")
    refund.add_argument("--amount", type=_minor, metavar="YUAN", help="12.50 (default: all left)")
    gift = order("gift", "add days to a license, without money")
    gift.add_argument("term_days", type=int, metavar="DAYS")
    for command in (refund, gift):
        command.add_argument("--key", help="repeats an earlier call instead of making a new one")
        _add_yes(command)
    approve = order("approve", "let a refund go that waits for a second person")
    approve.add_argument("refund_id")
    _add_yes(approve)
    decline = order("decline", "refuse a refund that waits for a second person")
    decline.add_argument("refund_id")
    _add_reason(decline, required=True)
    device = order("device", "free a device's slot; it counts for no limit")
    device.add_argument("device_id")
    order("export", "everything that is kept about an order's buyer (with --json to hand over)")
    erase = order("erase", "forget an order's payer and devices; the accounts stay")
    _add_yes(erase)
    order("hold", "hold a license back")
    release = order("release", "let a license go again")
    release.add_argument("--hold", help="operator (default) or complaint:ID")


def _add_complaint_commands(complaint: argparse.ArgumentParser) -> None:
    deeds = complaint.add_subparsers(dest="deed", required=True, metavar="DEED")
    listed = deeds.add_parser("list", help="open ones, the next deadline first")
    listed.add_argument("--all", action="store_true", help="ended ones too")
    subscribe = deeds.add_parser("subscribe", help="have WeChat Pay notify this deployment")
    subscribe.add_argument("--replace", action="store_true", help="even if another is notified")
    for name, text in (("show", "with the buyer's words, from WeChat Pay"),
                       ("answer", "send the buyer an answer"),
                       ("complete", "tell WeChat Pay that it is settled")):
        deed = deeds.add_parser(name, help=text)
        deed.add_argument("complaint_id")
        if name == "answer":
            deed.add_argument("text", help="at most 200 characters; it is not kept here")


def _add_yes(command: argparse.ArgumentParser) -> None:
    command.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def _add_reason(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument("--reason", required=required, metavar="CODE",
                         help="a short word for the history: already_used")


def _minor(typed: str) -> int:
    found = YUAN.fullmatch(typed)
    if found is None:
        raise argparse.ArgumentTypeError("an amount is written 12 or 12.50")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))

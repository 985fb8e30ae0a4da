"""The command line of `scripts/keys`: what can be typed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.keyring.key_set import ENVIRONMENTS, NewKey
from scripts.keyring.steps import OVERLAP_S, SET_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_DAYS = 800


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; leaves with code 2 when they are typed wrongly."""
    return parser().parse_args(_with_dashes(arguments))


def parser() -> argparse.ArgumentParser:
    """All commands."""
    top = argparse.ArgumentParser(
        prog="scripts/keys", description="Make root and signing keys, and the signed key set.",
        epilog="Exit codes: 0 done, 1 refused (nothing was written), 2 typed wrongly. Private "
               "keys are files of mode 600 and are never shown. docs/runbooks/keys.md says when "
               "to do what.")
    top.add_argument("--folder", type=Path, default=Path(), metavar="DIR",
                     help="paths are relative to it (default: where you stand)")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_key_commands(commands.add_parser)
    sets = commands.add_parser("set", help="the signed set of public keys",
                               description="Make and change the signed set of public keys.")
    _add_set_commands(sets.add_subparsers(dest="step", required=True, metavar="STEP").add_parser)
    return top


def _add_key_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    root = add("root", help="make a root key, which signs sets: keep it offline")
    signing = add("signing", help="make a signing key, which signs leases")
    for command in (root, signing):
        command.add_argument("file", type=Path, help="a new file, outside of git")
        command.add_argument("--anyway", action="store_true", help="in a git work tree, too")
    _add_passphrase(root)
    root.add_argument("--no-passphrase", action="store_true", help="leave it unencrypted")
    signing.add_argument("--kid", required=True, help="its name: 2026-11-a")
    signing.add_argument("--environment", choices=ENVIRONMENTS, default="live",
                         help="live (default) takes no kid that begins with test")


def _add_set_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    new = add("new", help="the first set of a deployment")
    more = add("add", help="one more active key, so that clients learn of it early")
    rotate = add("rotate", help="another key is the active one, the former ones are retired")
    withdraw = add("withdraw", help="a key that leaked counts for nothing any more")
    renew = add("renew", help="the same keys for longer; old ones that are over are left out")
    show = add("show", help="verify a set, and list its keys")
    for command in (new, more, rotate, withdraw, renew, show):
        command.add_argument("set", type=Path, metavar="SET",
                             help="the file of the set; steps replace it")
    for command in (more, rotate):
        command.add_argument("key", type=_new_key, metavar="KID=X", help="a public half")
    withdraw.add_argument("kid", metavar="KID")
    withdraw.add_argument("--replacement", type=_new_key, metavar="KID=X",
                          help="active in its place")
    rotate.add_argument("--overlap-s", type=int, default=OVERLAP_S, metavar="SECONDS",
                        help=f"for so long instances may use the former key (default {OVERLAP_S})")
    _add_first(new)
    for command in (new, more, rotate, withdraw, renew):
        command.add_argument("--root", type=Path, required=True, metavar="FILE",
                             help="the root that signs")
        command.add_argument("--days", type=_days, default=SET_DAYS,
                             help=f"the set ends after so many days (default {SET_DAYS})")
        _add_passphrase(command)
    for command in (more, rotate, withdraw, renew, show):
        command.add_argument("--root-pub", action="append", metavar="X", default=[],
                             required=command is show, help="x of a root that may have signed SET")


def _add_first(new: argparse.ArgumentParser) -> None:
    new.add_argument("--issuer", required=True, metavar="tongbao:PREFIX",
                     help="with the TONGBAO_PREFIX of the deployment")
    new.add_argument("--environment", required=True, choices=ENVIRONMENTS)
    new.add_argument("--key", type=_new_key, action="append", required=True, metavar="KID=X",
                     dest="keys", help="a public half, as `scripts/keys signing` printed it")
    new.add_argument("--seq", type=int, default=1,
                     help="above the former set's, if that one is lost (default 1)")


def _add_passphrase(command: argparse.ArgumentParser) -> None:
    command.add_argument("--passphrase-file", type=Path, metavar="FILE",
                         help="holds the root's passphrase, instead of asking for it")


def _new_key(typed: str) -> NewKey:
    kid, equals, x = typed.partition("=")
    if not (kid and equals and x):
        raise argparse.ArgumentTypeError("a key is written KID=X: 2026-11-a=…")
    return NewKey(kid, x)


def _days(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:9]) <= MOST_DAYS):
        raise argparse.ArgumentTypeError(f"1 to {MOST_DAYS} days")
    return int(typed)


def _with_dashes(arguments: Sequence[str]) -> list[str]:
    """One x of 64 begins with a dash, which argparse would take for an option."""
    joined: list[str] = []
    for word in arguments:
        if joined and joined[-1] == "--root-pub":
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined

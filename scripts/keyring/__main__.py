"""Command line for keys; `scripts/keys` calls it."""

from __future__ import annotations

import sys
import time
import warnings
from getpass import GetPassWarning, getpass
from typing import TYPE_CHECKING

from scripts.keyring import files, shown, steps
from scripts.keyring.key_set import KeySet, check_kid, sign, verify
from scripts.keyring.private_keys import make_root, make_signing_key, root_from_pem
from scripts.keyring.refusal import KeysRefused
from scripts.keyring.words import parse

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

DONE, REFUSED = 0, 1
LEAST_PASSPHRASE = 12
"""Characters. PKCS#8 stretches a passphrase only a little; its length has to do the work."""


def main(arguments: Sequence[str], *, now_s: int, ask: Callable[[str], str]) -> int:
    """The exit code: 0 done, 1 refused and nothing written; 2 (typed wrongly) leaves at once.

    `ask` asks for a passphrase without showing it.
    """
    options = parse(arguments)
    try:
        if options.command == "root":
            _root(options, ask)
        elif options.command == "signing":
            _signing(options)
        elif options.step == "show":
            _show(options, now_s)
        else:
            _step(options, now_s, ask)
    except KeysRefused as refused:
        _tell([f"refused: {refused}"])
        return REFUSED
    return DONE


def ask_on_terminal(question: str) -> str:
    """What was typed, unseen; raises KeysRefused where there is no terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            return getpass(question)
        except (GetPassWarning, EOFError):
            raise KeysRefused("no_terminal", "nobody can be asked for the passphrase here; use "
                              "--passphrase-file") from None


def _root(options: Namespace, ask: Callable[[str], str]) -> None:
    path = options.folder / options.file
    files.check_private_place(path, anyway=options.anyway)
    passphrase = None if options.no_passphrase else _new_passphrase(options, ask)
    root = make_root()
    files.write_private(path, root.pem(passphrase), anyway=options.anyway)
    _print(shown.public_part(root.kid, root.x))
    _tell(["Clients pin this. Keep the file offline, with a copy in another place."])


def _signing(options: Namespace) -> None:
    check_kid(options.kid, options.environment)
    key = make_signing_key(options.kid)
    files.write_private(options.folder / options.file, key.seed.encode() + b"\n",
                        anyway=options.anyway)
    _print(shown.public_part(key.kid, key.x))
    _tell([f"Announce it: scripts/keys set rotate SET {key.kid}={key.x} --root FILE"])


def _show(options: Namespace, now_s: int) -> None:
    key_set = verify(files.read_set(options.folder / options.set), options.root_pub)
    _print(shown.contents(key_set, now_s))
    _tell(shown.warnings(key_set, now_s))


def _step(options: Namespace, now_s: int, ask: Callable[[str], str]) -> None:
    path = options.folder / options.set
    if options.step == "new":
        files.check_new_set(path)
    root = root_from_pem(files.read_private(options.folder / options.root),
                         lambda: _passphrase(options, ask))
    token, former = "", None
    if options.step != "new":
        token = files.read_set(path)
        former = verify(token, [root.x, *options.root_pub])
    made = _made(options, former, now_s)
    if former is None:
        files.create_set(path, sign(made, root))
    else:
        files.replace_set(path, sign(made, root), former=token)
    _print(shown.changes(former, made, now_s))
    _tell(shown.warnings(made, now_s))


def _made(options: Namespace, former: KeySet | None, now_s: int) -> KeySet:
    if former is None:
        return steps.new_set(
            issuer=options.issuer, environment=options.environment, keys=options.keys,
            now_s=now_s, days=options.days, seq=options.seq)
    if options.step == "add":
        return steps.add(former, options.key, now_s=now_s, days=options.days)
    if options.step == "rotate":
        return steps.rotate(former, options.key, now_s=now_s, overlap_s=options.overlap_s,
                            days=options.days)
    if options.step == "withdraw":
        return steps.withdraw(former, options.kid, replacement=options.replacement, now_s=now_s,
                              days=options.days)
    return steps.renew(former, now_s=now_s, days=options.days)


def _new_passphrase(options: Namespace, ask: Callable[[str], str]) -> str:
    typed = _passphrase(options, ask)
    if len(typed) < LEAST_PASSPHRASE:
        raise KeysRefused("weak_passphrase", f"a passphrase has at least {LEAST_PASSPHRASE} "
                          "characters; --no-passphrase leaves the root unencrypted")
    if options.passphrase_file is None and ask("The same again: ") != typed:
        raise KeysRefused("weak_passphrase", "the two were not the same; start again")
    return typed


def _passphrase(options: Namespace, ask: Callable[[str], str]) -> str:
    if options.passphrase_file is None:
        return ask("Passphrase of the root: ")
    path: Path = options.folder / options.passphrase_file
    try:
        return files.read_private(path).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise KeysRefused("unreadable", f"{path} is not UTF-8 text") from None


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], now_s=int(time.time()), ask=ask_on_terminal))

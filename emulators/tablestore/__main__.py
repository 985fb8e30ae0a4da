"""`python -m emulators.tablestore --port 8087`: the emulator alone, until interrupted."""

from __future__ import annotations

import argparse
import sqlite3
import sys

from emulators.stopping import Stop

from .emulator import ACCESS_KEY_ID, ACCESS_KEY_SECRET, INSTANCE, TablestoreEmulator


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulators.tablestore",
        description="An emulator of Alibaba Cloud Tablestore on loopback HTTP.",
    )
    add = parser.add_argument
    add("--port", type=int, default=8087, help="0 takes a free one (default: 8087)")
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--data", default=":memory:", metavar="FILE", help="keep the data here (default: memory)")
    add("--access-key-id", default=ACCESS_KEY_ID, help=f"default: {ACCESS_KEY_ID}")
    add("--access-key-secret", default=ACCESS_KEY_SECRET, help=f"default: {ACCESS_KEY_SECRET}")
    add("--instance", default=INSTANCE, help=f"default: {INSTANCE}")
    add("--index-delay-ms", type=int, default=0, help="lag of global indexes (default: 0)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 1 with a reason on stderr when that cannot be."""
    options = _parser().parse_args(argv)
    try:
        _serve(options)
    except (OSError, sqlite3.Error) as error:
        where = f"{options.host}:{options.port}, data {options.data}"
        print(f"emulators.tablestore: {where}: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(options: argparse.Namespace) -> None:
    stopped = Stop()
    emulator = TablestoreEmulator(
        data=options.data,
        index_delay_ms=options.index_delay_ms,
        access_key_id=options.access_key_id,
        access_key_secret=options.access_key_secret,
        instance=options.instance,
    )
    with emulator, emulator.serve(options.port, options.host) as server:
        print(f"Tablestore emulator on {server.endpoint}", flush=True)
        print(f"  instance {options.instance}, access key id {options.access_key_id}", flush=True)
        print(f"  data in {options.data}; control under {server.endpoint}/_emulator/", flush=True)
        stopped.wait()


if __name__ == "__main__":
    raise SystemExit(main())

"""The demo's ports: those of its last run, so that an open page finds its shop again.

Each is held from the moment it is chosen, by a socket that listens: functions are told addresses
before the servers behind them run.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, closing, contextmanager
from random import SystemRandom
from typing import TYPE_CHECKING

from emulators.listening import listener, port_of
from scripts.demo_purchase.private_files import write_private

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAMES = ("shop", "tablestore", "wechatpay", "create-order", "notify", "license-fetch", "api")

QUIET_PORTS = range(20_000, 32_000)
"""Below those that systems give to connections: a stopped demo finds its own again."""
MOST_TRIES = 20


@contextmanager
def held_ports(path: Path) -> Iterator[Mapping[str, socket.socket]]:
    """A listener for every name, on the port that the file says where that is free."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    with ExitStack() as exits:
        held = {name: exits.enter_context(closing(_listener(known.get(name, 0))))
                for name in NAMES}
        write_private(path, json.dumps({name: port_of(one) for name, one in held.items()}))
        yield held


def _listener(known: int) -> socket.socket:
    wanted = [known] if known else []
    for port in (*wanted, *SystemRandom().sample(QUIET_PORTS, MOST_TRIES)):
        try:
            return listener(port)
        except OSError:
            continue
    return listener(0)

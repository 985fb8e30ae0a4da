"""What every emulator listens on: a port, or a socket that listens already.

Who has to name a port before its server starts hands the socket over instead of the number:
between choosing a number and listening on it, any other program could take it.
"""

from __future__ import annotations

import socket
import socketserver
from typing import Any

REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
WAITING_CONNECTIONS = 128


def listener(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A socket that listens on this port (0: any free one). Raises OSError where it is taken."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(*REUSE)
        listening.bind((host, port))
        listening.listen(WAITING_CONNECTIONS)
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"port {port}: {error.strerror}") from None
    return listening


def port_of(listening: socket.socket) -> int:
    """The number of its port."""
    port: int = listening.getsockname()[1]
    return port


class ListeningServer(socketserver.TCPServer):
    """A server on a port of this host, or on a listener, which it closes at its end."""

    def __init__(self, port: int | socket.socket, host: str, handler: Any) -> None:
        given = listener(port, host) if isinstance(port, int) else port
        super().__init__(given.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = given

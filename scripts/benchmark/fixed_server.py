"""A loopback HTTP server in a process of its own that gives one prepared answer to everything.

    python fixed_server.py < answer

Prints its port; ends when its standard input, after the answer's length and bytes, ends.
"""

from __future__ import annotations

import socketserver
import sys
import threading


class Handler(socketserver.StreamRequestHandler):
    """Keeps the connection; requests here have no body."""

    answer = b""
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client closes."""
        while line := self.rfile.readline():
            if line == b"\r\n":
                self.wfile.write(self.answer)


class Server(socketserver.ThreadingTCPServer):
    """One thread per connection."""

    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    """Serve until told to stop."""
    length = int(sys.stdin.buffer.readline())
    Handler.answer = sys.stdin.buffer.read(length)
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.buffer.read()
        server.shutdown()


if __name__ == "__main__":
    main()

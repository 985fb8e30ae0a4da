"""A seller's API that asks for a lease and a device proof: one JSON route, one file.

    cp ../tongbao_verifier.py .
    python api.py config.json          # see README.md

    POST /v1/summary         an answer that costs money; needs the entitlement `pro`
    GET  /videos/lesson.mp4  a file that is worth money; needs `course:101`
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tongbao_verifier import Answer, Nonces, Verifier

BODY_LIMIT = 65_536
DAY_S = 86_400
NONCES = Nonces(secrets.token_bytes(32))
"""With more than one server: one secret for all, from your store of secrets."""


class Keys:
    """The key set: fetched at the start and daily, its highest `seq` kept in a file."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._url, self._seen = config["keys_url"], Path(config["seen_seq_file"])
        seen = int(self._seen.read_text()) if self._seen.exists() else 0
        self.verifier = Verifier(
            roots=config["roots"], issuer=config["issuer"], environment=config["environment"],
            product=config["product"], min_seq=max(seen, config["min_seq"]))

    def refresh(self) -> str:
        """Take the newest set; on any trouble the one before stays."""
        if not self._url.startswith(("https://", "http://127.0.0.1:")):
            return "keys_url: https, please"
        try:
            with urllib.request.urlopen(self._url, timeout=10) as answer:  # noqa: S310
                code = self.verifier.load_keys(json.load(answer)["set"], int(time.time()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"not fetched: {type(error).__name__}"
        if code == "VALID":
            self._seen.write_text(str(self.verifier.seq))
        return code

    def refresh_daily(self) -> None:
        """Never returns."""
        while True:
            time.sleep(DAY_S)
            self.refresh()


class Handler(BaseHTTPRequestHandler):
    """One request. The gate is `allowed`; all else is an ordinary API."""

    timeout = 30
    verifier: Verifier
    public_url: str
    """The address that clients call, whatever a proxy in front turns it into."""
    video: bytes

    def allowed(self, entitlement: str, body: bytes) -> bool:
        """Whether this request may pass; if not, it has been answered."""
        answer = self.check(body)
        if not answer.ok or answer.claims is None:
            self.reply(401, {"code": answer.code})
            return False
        if entitlement not in answer.claims["ent"]:
            self.reply(403, {"code": "NOT_ENTITLED"})
            return False
        return True

    def check(self, body: bytes) -> Answer:
        now_s = int(time.time())
        scheme, _, lease = self.headers.get("Authorization", "").partition(" ")
        proofs = self.headers.get_all("DPoP", [])
        return self.verifier.verify_request(
            lease if scheme == "DPoP" else "", proofs[0] if len(proofs) == 1 else "",
            method=self.command, url=self.public_url + self.path, body=body,
            nonce=NONCES.accepted(now_s), now_s=now_s)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            self.reply(413, {"code": "BODY_TOO_LARGE"})
            return
        body = self.rfile.read(int(length))
        if self.path.partition("?")[0] != "/v1/summary":
            self.reply(404, {"code": "NOT_FOUND"})
        elif self.allowed("pro", body):
            self.reply(200, {"summary": f"{len(body)} bytes, shortened by a costly model"})

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/videos/lesson.mp4":
            self.reply(404, {"code": "NOT_FOUND"})
        elif self.allowed("course:101", b""):
            self.reply(200, self.video, "video/mp4")

    def do_OPTIONS(self) -> None:
        """A browser asks before it sends our headers from another origin."""
        self.reply(200, b"")

    def reply(self, status: int, value: dict[str, Any] | bytes,
              kind: str = "application/json") -> None:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'DPoP error="use_dpop_nonce"')
        for name, text in (("DPoP-Nonce", NONCES.current(int(time.time()))),
                           ("Cache-Control", "private, no-store"),
                           ("Access-Control-Allow-Origin", "*"),
                           ("Access-Control-Allow-Headers", "Authorization, DPoP, Content-Type"),
                           ("Access-Control-Expose-Headers", "DPoP-Nonce"),
                           ("Content-Type", kind), ("Content-Length", str(len(raw)))):
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: a log of headers would be a log of leases."""


def main(config_file: str) -> None:
    config = json.loads(Path(config_file).read_text(encoding="utf-8"))
    keys = Keys(config)
    code = keys.refresh()
    if code != "VALID":
        sys.exit(f"The key set was not taken: {code}")
    Handler.verifier, Handler.public_url = keys.verifier, config["public_url"]
    Handler.video = Path(config["video"]).read_bytes()
    server = ThreadingHTTPServer((config["host"], config["port"]), Handler)
    threading.Thread(target=keys.refresh_daily, daemon=True).start()
    sys.stdout.write(f"listening on port {server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])

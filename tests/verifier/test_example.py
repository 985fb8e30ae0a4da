"""The worked example, really running: who has a lease and its key gets in, nobody else."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.vectors.leases.minting import (
    DAY_S,
    DEVICE,
    ENVIRONMENT,
    ISSUER,
    NEXT_ROOT,
    OTHER_DEVICE,
    PRODUCT,
    ROOT,
    digest,
    entry,
    es256,
    jwk_of,
    jws,
    key_set,
    lease,
    lease_claims,
    set_claims,
    x_of,
)
from tests.verifier.vectors import ROOT as REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

FOLDER = REPOSITORY / "extension" / "verifier"
PUBLIC_URL = "https://api.example.cn"
VIDEO = bytes(range(256)) * 8
BODY = b'{"text":"..."}'
STARTED_S = int(time.time())


@dataclass
class Api:
    """A client of the running example."""

    port: int
    nonce: str = ""

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            self.nonce = answer.headers["DPoP-Nonce"]
            return answer.status, answer.read()
        finally:
            connection.close()

    def call(self, method: str, path: str, token: str, *, body: bytes = b"",
             key: EllipticCurvePrivateKey = DEVICE, **claims: Any) -> tuple[int, bytes]:
        """As the extension does it: the lease, and a proof with the nonce of the answer before."""
        if not self.nonce:
            self.send("OPTIONS", path)
        payload = {"htm": method, "htu": PUBLIC_URL + path.partition("?")[0], "iat": STARTED_S,
                   "jti": "one", "nonce": self.nonce, "ath": digest(token), **claims}
        if body:
            payload.setdefault("bth", digest(body.decode()))
        proof = jws({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk_of(key)}, payload, es256(key))
        return self.send(method, path, body, Authorization=f"DPoP {token}", DPoP=proof)

    def summary(self, token: str, **changes: Any) -> tuple[int, bytes]:
        return self.call("POST", "/v1/summary", token, **{"body": BODY, **changes})


def lease_of(*, ends_s: int = 3 * DAY_S, **changes: Any) -> str:
    """A lease of now: the example reads the machine's clock."""
    window = {"iat": STARTED_S - DAY_S, "nbf": STARTED_S - DAY_S, "exp": STARTED_S + ends_s,
              "grc": 0, "ent": ["pro", "course:101"]}
    return lease(lease_claims(**{**window, **changes}))


@contextmanager
def published(set_jws: str) -> Iterator[str]:
    """The license server's GET /v1/keys."""
    raw = json.dumps({"keys": [], "set": set_jws}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/keys"
        finally:
            server.shutdown()
            thread.join()


def prepare(folder: Path, keys_url: str) -> Path:
    """What a seller has: the example, its configuration, a video."""
    (folder / "lesson.mp4").write_bytes(VIDEO)
    config = json.loads((FOLDER / "example" / "config.json").read_text(encoding="utf-8"))
    config |= {"roots": [x_of(ROOT), x_of(NEXT_ROOT)], "issuer": ISSUER, "product": PRODUCT,
               "environment": ENVIRONMENT, "min_seq": 7, "keys_url": keys_url, "port": 0,
               "public_url": PUBLIC_URL, "video": str(folder / "lesson.mp4"),
               "seen_seq_file": str(folder / "seen_seq.txt")}
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def command(language: str, folder: Path, request: pytest.FixtureRequest) -> list[str]:
    """Copy the example and the verifier, as its README says, and nothing else."""
    if language == "python":
        shutil.copy(FOLDER / "tongbao_verifier.py", folder)
        shutil.copy(FOLDER / "example" / "api.py", folder)
        return [sys.executable, "api.py"]
    node: str = request.getfixturevalue("node")
    compiled: Path = request.getfixturevalue("compiled")
    shutil.copy(compiled / "tongbao_verifier.js", folder)
    shutil.copy(FOLDER / "example" / "api.mjs", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return [node, "api.mjs"]


def current_set(**changes: Any) -> str:
    keys = [entry("test-a", **{"from": STARTED_S - 30 * DAY_S})]
    return key_set(set_claims(**{"keys": keys, "exp": STARTED_S + DAY_S, "iat": STARTED_S - DAY_S,
                                 **changes}))


@pytest.fixture(scope="module", params=["python", "node"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
            ) -> Iterator[tuple[int, Path]]:
    folder = tmp_path_factory.mktemp("example")
    start = command(request.param, folder, request)
    with published(current_set()) as keys_url:
        config = prepare(folder, keys_url)
        with subprocess.Popen([*start, config.name], cwd=folder, text=True,
                              stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline().rsplit(" ", 1)[1]), folder
            finally:
                process.terminate()


@pytest.fixture
def api(running: tuple[int, Path]) -> Api:
    return Api(running[0])


def code_of(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["code"]


def test_the_device_of_a_lease_is_served(api: Api) -> None:
    status, body = api.summary(lease_of())
    assert (status, json.loads(body)["summary"][:9]) == (200, "14 bytes,")
    assert api.call("GET", "/videos/lesson.mp4?t=10", lease_of()) == (200, VIDEO)


def test_a_stolen_lease_without_its_key_is_refused(api: Api) -> None:
    assert code_of(api.summary(lease_of(), key=OTHER_DEVICE)) == (401, "DEVICE_MISMATCH")
    assert code_of(api.send("POST", "/v1/summary", BODY, Authorization=f"DPoP {lease_of()}")) == (
        401, "DEVICE_PROOF_INVALID")


def test_an_expired_lease_is_refused(api: Api) -> None:
    assert code_of(api.summary(lease_of(ends_s=-1))) == (401, "LEASE_EXPIRED")
    assert code_of(api.summary(lease_of(lexp=STARTED_S - 1))) == (401, "LICENSE_EXPIRED")


def test_a_lease_as_bearer_is_refused(api: Api) -> None:
    answer = api.send("POST", "/v1/summary", BODY, Authorization=f"Bearer {lease_of()}")
    assert code_of(answer) == (401, "MALFORMED")


def test_a_lease_of_another_product_is_refused(api: Api) -> None:
    assert code_of(api.summary(lease_of(aud="other"))) == (401, "PRODUCT_MISMATCH")


def test_a_stale_nonce_is_refused_and_a_fresh_one_comes_with_the_answer(api: Api) -> None:
    answer = api.summary(lease_of(), nonce="stale")
    assert code_of(answer) == (401, "DEVICE_PROOF_INVALID")
    assert api.summary(lease_of())[0] == 200


def test_a_proof_for_another_body_or_address_is_refused(api: Api) -> None:
    refused = (401, "DEVICE_PROOF_INVALID")
    assert code_of(api.summary(lease_of(), bth=digest("{}"))) == refused
    assert code_of(api.summary(lease_of(), htu=PUBLIC_URL + "/videos/lesson.mp4")) == refused


def test_what_was_not_bought_is_refused(api: Api) -> None:
    token = lease_of(ent=["pro"])
    assert api.summary(token)[0] == 200
    assert code_of(api.call("GET", "/videos/lesson.mp4", token)) == (403, "NOT_ENTITLED")


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    # Announced, and not sent: an answer must not get lost behind bytes that nobody reads.
    answer = api.send("POST", "/v1/summary", **{"Content-Length": "70000"})
    assert code_of(answer) == (413, "BODY_TOO_LARGE")


def test_the_seq_that_was_seen_is_kept(running: tuple[int, Path]) -> None:
    assert (running[1] / "seen_seq.txt").read_text() == "7"


@pytest.mark.parametrize("language", ["python", "node"])
def test_it_does_not_start_with_a_set_that_was_rolled_back(
        language: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    start = command(language, tmp_path, request)
    with published(current_set()) as keys_url:
        config = prepare(tmp_path, keys_url)
        (tmp_path / "seen_seq.txt").write_text("8")
        done = subprocess.run([*start, config.name], cwd=tmp_path, text=True, check=False,
                              capture_output=True, timeout=60)
    assert done.returncode == 1
    assert "KEYS_ROLLED_BACK" in done.stderr

"""The emulator over HTTP: the wire, keep-alive, the control path, the command, its end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots

from emulators.tablestore import Fault, TablestoreEmulator

from .support import connect, connected, create_table, get, put, scan, update
from .test_tables import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulators.tablestore.server import Serving

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server(emulator: TablestoreEmulator) -> Iterator[Serving]:
    with emulator.serve() as running:
        yield running


def control(server: Serving, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request to the control path."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    try:
        connection.request(method, f"/_emulator/{path}", raw)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("options", [{}, {"region": "cn-hangzhou"}], ids=["V2", "V4"])
def test_the_sdk_works_over_http(
    emulator: TablestoreEmulator, server: Serving, options: dict[str, Any]
) -> None:
    with connected(emulator, server.endpoint, **options) as client:
        create_table(client)
        put(client, "1", {"a": "é", "b": bytearray(b"\x00"), "c": 1.5})
        assert get(client, "1") == {"a": "é", "b": bytearray(b"\x00"), "c": 1.5}
        assert len(scan(client)) == 1
        refused("OTSConditionCheckFail", 403, put, client, "1", expect="EXPECT_NOT_EXIST")


def test_one_connection_serves_many_requests(emulator: TablestoreEmulator, server: Serving) -> None:
    with connected(emulator, server.endpoint) as client:
        create_table(client)
        for number in range(20):
            put(client, str(number))
        pools = client.connection.pool.pools
        (key,) = pools.keys()
        pool = pools[key]
        assert (pool.num_requests, pool.num_connections) == (21, 1)


def test_concurrent_increments_all_count(emulator: TablestoreEmulator, server: Serving) -> None:
    with connected(emulator, server.endpoint) as client:
        create_table(client)
        with ThreadPoolExecutor(8) as threads:
            for _ in range(200):
                threads.submit(update, client, "1", {"INCREMENT": [("n", 1)]})
        assert get(client, "1") == {"n": 200}


def test_one_of_many_concurrent_creates_wins(emulator: TablestoreEmulator, server: Serving) -> None:
    def create(number: int) -> bool:
        try:
            put(client, "1", {"by": number}, expect="EXPECT_NOT_EXIST")
        except ots.OTSServiceError as error:
            assert error.code == "OTSConditionCheckFail"
            return False
        return True

    with connected(emulator, server.endpoint) as client:
        create_table(client)
        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(create, range(32)))
        assert sum(won) == 1
        assert get(client, "1") == {"by": won.index(True)}


def test_the_same_data_is_seen_over_both_transports(
    orders: ots.OTSClient, emulator: TablestoreEmulator, server: Serving
) -> None:
    put(orders, "1", {"a": 1})
    with connected(emulator, server.endpoint) as client:
        assert get(client, "1") == {"a": 1}


def raw_exchange(server: Serving, data: bytes) -> bytes:
    """Send bytes, read until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        return answer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"nonsense\r\n\r\n",
        b"POST /GetRow HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /GetRow HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"POST /GetRow HTTP/1.1\r\ncontent-length: 10\r\n\r\nshort",
        b"POST /GetRow HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
        b"POST /GetRow HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"\xff\xfe\x00\x01" * 50,
    ],
)
def test_what_is_no_http_closes_the_connection_and_nothing_else(
    emulator: TablestoreEmulator, server: Serving, data: bytes
) -> None:
    assert raw_exchange(server, data) == b""
    assert emulator.requests == []
    assert control(server, "GET", "health") == (200, {"ok": True})


def test_other_methods_are_not_allowed(server: Serving) -> None:
    answer = raw_exchange(server, b"GET /GetRow HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 405 ")


def test_a_client_may_close_after_each_request(server: Serving) -> None:
    request = b"GET /_emulator/health HTTP/1.1\r\nconnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    assert answer.endswith(b'{"ok": true}')


def test_an_unsigned_request_is_refused(server: Serving) -> None:
    request = b"POST /ListTable HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
    answer = raw_exchange(server, request)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Missing header: x-ots-date." in answer


def test_records_are_read_and_cleared_over_http(orders: ots.OTSClient, server: Serving) -> None:
    put(orders, "1")
    status, answer = control(server, "GET", "requests")
    assert status == 200
    assert answer["by_api"] == {"CreateTable": 1, "PutRow": 1}
    assert answer["by_table"] == {"orders": 2}
    assert answer["requests"][1]["outcome"] == "OK"
    assert control(server, "DELETE", "requests") == (200, {})
    assert control(server, "GET", "requests")[1]["requests"] == []


def test_faults_are_set_and_lifted_over_http(orders: ots.OTSClient, server: Serving) -> None:
    fault = {"kind": "OTSServerBusy", "api": "PutRow", "times": None}
    assert control(server, "POST", "faults", fault) == (200, {})
    assert control(server, "GET", "faults") == (200, {"in_force": 1})
    refused("OTSServerBusy", 503, put, orders, "1")
    assert control(server, "DELETE", "faults") == (200, {})
    put(orders, "1")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "OTSNoSuchThing"},
        {"api": "PutRow"},
        {"kind": "OTSServerBusy", "predicate": "x"},
        [1],
        b"{",
        b"\xff",
    ],
)
def test_a_wrong_fault_is_refused_over_http(
    emulator: TablestoreEmulator, server: Serving, body: Any
) -> None:
    status, answer = control(server, "POST", "faults", body)
    assert status == 400
    assert "error" in answer
    assert emulator.faults_in_force == 0


def test_settings_and_reset_over_http(
    orders: ots.OTSClient, emulator: TablestoreEmulator, server: Serving
) -> None:
    assert control(server, "POST", "settings", {"index_delay_ms": 250}) == (200, {})
    assert emulator.index_delay_ms == 250
    for wrong in ({"index_delay_ms": -1}, {"index_delay_ms": "1"}, {"other": 1}, {}):
        assert control(server, "POST", "settings", wrong)[0] == 400
    emulator.inject(Fault("OTSServerBusy"))
    assert control(server, "POST", "reset") == (200, {})
    assert orders.list_table() == ()
    assert control(server, "GET", "nothing")[0] == 404


def test_the_control_path_is_no_part_of_the_records(
    emulator: TablestoreEmulator, server: Serving
) -> None:
    control(server, "GET", "health")
    assert emulator.requests == []


def test_stopping_closes_connections_and_the_port(emulator: TablestoreEmulator) -> None:
    with emulator.serve() as server:
        port = server.port
        idle = socket.create_connection(("127.0.0.1", port), timeout=60)
        idle.sendall(b"GET /_emulator/health HTTP/1.1\r\n\r\n")
        assert idle.recv(65_536).startswith(b"HTTP/1.1 200 ")
    with idle:
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=60)
    assert not any(thread.name == "tablestore-emulator" for thread in threading.enumerate())


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emulators.tablestore", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    data = tmp_path / "data.sqlite"
    with command("--data", str(data), "--instance", "mine") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        endpoint = first.split()[-1]
        with urllib.request.urlopen(f"{endpoint}/_emulator/health") as response:
            assert json.load(response) == {"ok": True}
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(timeout=120) == 0
    assert "instance mine" in rest
    assert "test-key-secret" not in first + rest
    assert "rror" not in rest
    assert data.exists()


def test_a_port_in_use_is_one_line(server: Serving) -> None:
    with command("--port", str(server.port)) as process:
        assert process.stdout is not None
        shown = process.stdout.read()
        assert process.wait(timeout=120) == 1
    assert f"127.0.0.1:{server.port}" in shown
    assert len(shown.splitlines()) == 1


def test_many_emulators_live_side_by_side() -> None:
    emulators = [TablestoreEmulator() for _ in range(20)]
    for emulator in emulators:
        create_table(connect(emulator))
    put(connect(emulators[0]), "1")
    assert get(connect(emulators[0]), "1") == {"a": 1}
    assert get(connect(emulators[1]), "1") is None
    for emulator in emulators:
        emulator.close()

"""The seam under the SDK, over real sockets: what was sent, how long it may take."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import urllib3
from urllib3.exceptions import HTTPError

from emulators.tablestore import Fault
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.adapters.tablestore.outcomes import Outcome, Stage, StoreFailure
from shared.adapters.tablestore.tables import ORDERS
from shared.adapters.tablestore.wire import HttpConnection, Timeouts, Wire
from shared.deadline import Deadline
from tests.contract.worlds import EmulatorWorld, FixedKey
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Timeouts(connect_ms=2000, read_ms=100)
PATIENCE_S = 60


@contextmanager
def listening(*, answers: bool) -> Iterator[tuple[str, list[bytes]]]:
    """A server that hangs up on each request, or keeps silent; it ends after its first one."""
    server = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []
    asked, is_over = threading.Event(), threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                requests.append(connection.recv(65536))
                asked.set()
                if not answers:
                    is_over.wait(PATIENCE_S)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", requests
        asked.wait(PATIENCE_S)  # a client that waits 100 ms can be faster than this thread
    finally:
        is_over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def exchange(address: str, timeouts: Timeouts = QUICK) -> tuple[Stage, int]:
    """The stage in which one exchange breaks, and how many connections it opened."""
    with urllib3.PoolManager() as pool:
        wire = Wire(HttpConnection(pool, address, Deadline(FakeClock(), 4000), timeouts))
        wire.begin()
        with pytest.raises(HTTPError):
            wire.send_receive("/PutRow", {}, b"body")
        return wire.stage, pool.connection_from_url(address).num_connections


def test_a_refused_connection_sent_nothing() -> None:
    with socket.socket() as held:  # it does not listen, and nobody else can
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}"
        assert exchange(address) == (Stage.CONNECTING, 1)


@pytest.mark.parametrize("answers", [True, False])
def test_a_request_without_an_answer_was_sent_once(answers: bool) -> None:
    with listening(answers=answers) as (address, requests):
        stage, connections = exchange(address)
    assert (stage, connections, len(requests)) == (Stage.SENT, 1, 1)


def test_before_a_request_nothing_was_sent() -> None:
    with urllib3.PoolManager() as pool:
        wire = Wire(HttpConnection(pool, "http://x.invalid", Deadline(FakeClock(), 1), QUICK))
        assert wire.stage is Stage.PREPARING


def test_an_attempt_is_cut_to_the_time_left() -> None:
    timeouts = Timeouts(connect_ms=500, read_ms=1200)
    assert [(cut.connect_timeout, cut.read_timeout)
            for cut in map(timeouts.within, (4000, 300, 0))] == [
                (0.5, 1.2), (0.3, 0.3), (0.001, 0.001)]


def test_threads_do_not_mix_up_their_stages() -> None:
    def break_off() -> None:
        with pytest.raises(HTTPError):
            wire.send_receive("/PutRow", {}, b"")
        stages.append(wire.stage)

    stages: list[Stage] = []
    with urllib3.PoolManager() as pool, listening(answers=True) as (address, _):
        wire = Wire(HttpConnection(pool, address, Deadline(FakeClock(), 4000), QUICK))
        wire.begin()
        thread = threading.Thread(target=break_off)
        thread.start()
        thread.join()
        assert (wire.stage, stages) == (Stage.PREPARING, [Stage.SENT])


def test_the_client_talks_over_http_too(world: EmulatorWorld) -> None:
    with world.emulator.serve() as server:
        client = TablestoreClient(Instance(server.endpoint, "tongbao-test"), FixedKey(),
                                  Deadline(FakeClock(), 4000))
        assert client.get_row(ORDERS.row("none")) is None
        world.emulator.inject(Fault("lost_answer", api="GetRow"))
        with pytest.raises(StoreFailure) as caught:
            client.get_row(ORDERS.row("none"))
        assert caught.value.outcome is Outcome.UNKNOWN
        assert client.get_row(ORDERS.row("none")) is None
        client.close()

"""The emulator over HTTP: the same answers, notifies by itself, and what faults do to sockets."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from emulators.wechatpay import Account, Fault, WeChatPayEmulator
from emulators.wechatpay.notify_post import post_over_http
from tests.emulators.wechatpay.browser import call, control
from tests.emulators.wechatpay.merchant import Merchant, document

if TYPE_CHECKING:
    from collections.abc import Iterator

NATIVE = "/v3/pay/transactions/native"


class Shop:
    """A merchant's HTTP server. ``statuses`` are answered in turn, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.received: queue.Queue[tuple[str, dict[str, str], bytes]] = queue.Queue()
        self.statuses = list(statuses)
        self.url = ""

    def next(self) -> tuple[str, dict[str, str], bytes]:
        """The next notify; fails when none comes."""
        return self.received.get(timeout=60)


@contextmanager
def open_shop(*statuses: int) -> Iterator[Shop]:
    shop = Shop(*statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = shop.statuses.pop(0) if shop.statuses else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{shop.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            shop.received.put((self.path, dict(self.headers.items()), body))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Wall:
    """The real time, for requests that must be fresh."""

    @property
    def now_s(self) -> int:
        import time
        return int(time.time())


@pytest.fixture
def merchant(account: Account) -> Iterator[Merchant]:
    with WeChatPayEmulator(account) as emulator:
        yield Merchant(emulator, Wall())  # type: ignore[arg-type]


@pytest.fixture
def base_url(merchant: Merchant) -> Iterator[str]:
    with merchant.emulator.serve() as serving:
        yield serving.base_url


def create(merchant: Merchant, base_url: str, out_trade_no: str = "ORDER0001",
           **changes: object) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps(merchant.order(out_trade_no, **changes)).encode()
    return call(base_url, "POST", NATIVE, body, merchant.headers("POST", NATIVE, body))


def test_the_same_order_over_http(merchant: Merchant, base_url: str) -> None:
    status, headers, body = create(merchant, base_url)
    assert status == 200
    assert merchant.genuine(headers, body)
    assert json.loads(body)["code_url"] == merchant.emulator.orders["ORDER0001"].code_url


def test_one_connection_serves_many_requests(merchant: Merchant, base_url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    merchant.create()
    path = "/v3/pay/transactions/out-trade-no/ORDER0001"
    body = json.dumps({"mchid": merchant.account.mchid}).encode()
    query = f"{path}?mchid={merchant.account.mchid}"
    connection.request("POST", f"{path}/close", body,
                       merchant.headers("POST", f"{path}/close", body))
    with connection.getresponse() as response:
        assert (response.status, response.read()) == (204, b"")
    connection.request("GET", query, headers=merchant.headers("GET", query))
    with connection.getresponse() as response:
        assert json.loads(response.read())["trade_state"] == "CLOSED"
    connection.close()


def test_a_paid_order_is_notified_without_being_asked(merchant: Merchant, base_url: str) -> None:
    with open_shop() as shop:
        create(merchant, base_url, notify_url=f"{shop.url}/notify")
        control(base_url, "POST", "pay", out_trade_no="ORDER0001")
        path, headers, body = shop.next()
    assert path == "/notify"
    assert merchant.open_notify(headers, body)["trade_state"] == "SUCCESS"


def test_retries_and_refunds_come_by_themselves_at_the_time_scale(
        merchant: Merchant, base_url: str) -> None:
    control(base_url, "POST", "time-scale", factor=3000)
    with open_shop(500, 302, 404) as shop:
        create(merchant, base_url, notify_url=f"{shop.url}/notify")
        control(base_url, "POST", "pay", out_trade_no="ORDER0001")
        events = [json.loads(shop.next()[2])["event_type"] for _ in range(4)]
        merchant.refund(notify_url=f"{shop.url}/refund")
        path, headers, body = shop.next()
    assert events == ["TRANSACTION.SUCCESS"] * 4
    assert path == "/refund"
    assert merchant.open_notify(headers, body)["refund_status"] == "SUCCESS"


def test_a_redirect_of_the_merchant_is_not_followed() -> None:
    with open_shop(302) as shop:
        assert post_over_http(f"{shop.url}/notify", {}, b"{}") == 302
        assert shop.next()[0] == "/notify"
        assert shop.received.empty()


def test_a_merchant_that_is_not_there_is_an_oserror() -> None:
    with socket.socket() as held:  # it does not listen, and nobody else can
        held.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            post_over_http(f"http://127.0.0.1:{held.getsockname()[1]}/notify", {}, b"{}")


@pytest.mark.parametrize(("kind", "applied"), [
    ("request_lost", False), ("timeout_after_commit", True)])
def test_a_dropped_connection_has_no_answer(
        merchant: Merchant, base_url: str, kind: str, applied: bool) -> None:
    merchant.emulator.inject(Fault(kind, "native"))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        create(merchant, base_url)
    assert ("ORDER0001" in merchant.emulator.orders) is applied


def test_a_truncated_body_ends_the_connection_early(merchant: Merchant, base_url: str) -> None:
    merchant.emulator.inject(Fault("truncated_body", "native"))
    with pytest.raises(http.client.IncompleteRead):
        create(merchant, base_url)


def test_a_delayed_answer_arrives(merchant: Merchant, base_url: str) -> None:
    merchant.emulator.inject(Fault("delayed", "native", delay_s=0.05))
    assert create(merchant, base_url)[0] == 200


def test_a_body_of_unknown_length_is_refused(base_url: str) -> None:
    for headers in ({"Transfer-Encoding": "chunked"}, {"Content-Length": "-1"},
                    {"Content-Length": "99999999"}):
        assert call(base_url, "POST", NATIVE, headers=headers)[0] == 411


def test_many_at_once_pay_one_order_once(merchant: Merchant, base_url: str) -> None:
    with open_shop() as shop:
        create(merchant, base_url, notify_url=f"{shop.url}/notify")
        statuses: list[int] = []
        start = threading.Barrier(8)

        def pay() -> None:
            start.wait()
            statuses.append(call(base_url, "POST", "/_emulator/pay",
                                 b'{"out_trade_no": "ORDER0001"}')[0])

        threads = [threading.Thread(target=pay) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shop.next()
    assert sorted(statuses) == [200] + [409] * 7
    assert len(merchant.emulator.notify_attempts) == 1


def test_stopping_does_not_wait_for_idle_clients(merchant: Merchant) -> None:
    with merchant.emulator.serve() as serving:
        connection = http.client.HTTPConnection(urlsplit(serving.base_url).netloc, timeout=10)
        connection.request("GET", "/_emulator/health")
        with connection.getresponse() as response:
            response.read()
    connection.close()
    assert document(merchant.create())["code_url"]

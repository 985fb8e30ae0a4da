"""A port is held from the moment it is chosen; who serves on it takes the socket over."""

from __future__ import annotations

import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from emulators.fc.http_io import HttpServer, Request
from emulators.fc.responses import Response
from emulators.listening import listener, port_of
from emulators.tablestore import TablestoreEmulator
from emulators.wechatpay import Account, WeChatPayEmulator
from scripts.demo_purchase.ports import NAMES, held_ports

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def test_a_port_that_is_listened_on_is_refused_by_its_number() -> None:
    with listener(0) as held, pytest.raises(OSError, match=f"port {port_of(held)}: "):
        listener(port_of(held))


def hello(_: Request) -> Response:
    return Response(200, {}, b"hello")


@contextmanager
def each_emulator_on(held: Sequence[socket.socket]) -> Iterator[list[str]]:
    """One server of every emulator, each on one of three listeners: their addresses."""
    functions = HttpServer(hello, port=held[0])
    wechatpay = WeChatPayEmulator(Account.create())
    with TablestoreEmulator().serve(held[1]) as tablestore, wechatpay.serve(held[2]) as paying:
        yield [functions.url, tablestore.endpoint, paying.base_url]
    functions.close()


def test_each_emulator_serves_on_a_listener_and_gives_its_port_back() -> None:
    held = [listener(0) for _ in range(3)]
    ports = [port_of(one) for one in held]
    with each_emulator_on(held) as addresses:
        assert [int(address.rpartition(":")[2]) for address in addresses] == ports
        with urllib.request.urlopen(addresses[0], timeout=10) as answer:
            assert answer.read() == b"hello"
    for port in ports:
        listener(port).close()


def test_a_demo_has_its_ports_again(tmp_path: Path) -> None:
    with held_ports(tmp_path / "ports.json") as first:
        before = {name: port_of(one) for name, one in first.items()}
    with held_ports(tmp_path / "ports.json") as second:
        assert {name: port_of(one) for name, one in second.items()} == before
    assert set(before) == set(NAMES)


def test_a_port_that_another_program_took_meanwhile_is_replaced(tmp_path: Path) -> None:
    with held_ports(tmp_path / "ports.json") as first:
        taken = port_of(first["notify"])
    with listener(taken), held_ports(tmp_path / "ports.json") as second:
        assert port_of(second["notify"]) != taken

"""Attack 55 again, on the way from Tablestore: what it did not sign tells and proves nothing."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.attacks.asking import Asking
from tests.attacks.middleman import Middleman, Relayed, unchanged
from tests.attacks.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulators.tablestore import TablestoreEmulator
    from emulators.wechatpay import Account


class Raw(NamedTuple):
    """An answer of the emulator."""

    status: int
    headers: dict[str, str]
    body: bytes


class Store:
    """Tablestore behind the middleman. `kept`: the API whose requests he does not pass on; he
    answers them with what he heard for the last one of its kind.
    """

    def __init__(self, emulator: TablestoreEmulator) -> None:
        self._emulator = emulator
        self._heard: dict[str, Raw] = {}
        self.kept = ""
        self.api = ""

    def handle(self, _method: str, target: str, headers: dict[str, str], body: bytes) -> Raw:
        """One request."""
        self.api = target.strip("/")
        if self.api == self.kept:
            return self._heard[self.api]
        status, _, answered, raw = self._emulator.handle(target, headers, body)
        answer = Raw(status, answered, raw)
        if status == 200:
            self._heard[self.api] = answer
        return answer


def md5(body: bytes) -> str:
    """As Tablestore states it."""
    return b64encode(hashlib.md5(body).digest()).decode()


def signature(change: Callable[[str], str]) -> Callable[[Relayed], Relayed]:
    """The answer's signature in another text."""
    return lambda answer: answer.but(authorization=change(answer.header("authorization")))


CHANGES: dict[str, Callable[[Relayed], Relayed]] = {
    "unsigned": lambda answer: answer.but(authorization=None),
    "a wrong signature": signature(lambda it: it[:-8] + "AAAAAAA="),
    "the signature of another key": signature(lambda it: it.replace("test-key-id", "other-key-id")),
    "another signature scheme": signature(lambda it: it.replace("OTS ", "Basic ")),
    "another request's number": lambda answer: answer.but(x_ots_requestid="0" * 36),
    "an older date": lambda answer: answer.but(x_ots_date="2026-01-01T00:00:00.000000Z"),
    "no checksum": lambda answer: answer.but(x_ots_contentmd5=None),
    "another body": lambda answer: answer.but(body=answer.body + b"\0"),
    "another body and its checksum": lambda answer: answer.but(
        body=answer.body + b"\0", x_ots_contentmd5=md5(answer.body + b"\0")),
    "no body": lambda answer: answer.but(body=b""),
    "a page of some proxy": lambda answer: Relayed(200, (), b"<html></html>"),
    "a redirect": lambda answer: answer.but(status=302, location="http://100.100.100.200/"),
}


def spoil_one(between: Middleman, store: Store, api: str,
              change: Callable[[Relayed], Relayed]) -> None:
    """Change the next answer to this API, and be honest from then on."""
    def changed(answer: Relayed) -> Relayed:
        if store.api != api:
            return answer
        store.kept, between.change = "", unchanged
        return change(answer)
    between.change = changed


@pytest.fixture(scope="module")
def between() -> Iterator[Middleman]:
    with Middleman() as middleman:
        yield middleman


@pytest.fixture(scope="module")
def shop(account: Account, between: Middleman) -> Iterator[Shop]:
    """A shop whose way to Tablestore leads through the middleman."""
    with Shop(account) as running:
        between.upstream = Store(running.store)
        running.environ["TONGBAO_TABLESTORE_ENDPOINT"] = between.base_url
        running.apps = {name: running.build(name) for name in running.apps}
        yield running


@pytest.fixture
def store(between: Middleman) -> Iterator[Store]:
    assert isinstance(between.upstream, Store)
    yield between.upstream
    between.change, between.upstream.kept = unchanged, ""


@pytest.mark.parametrize("name", CHANGES)
def test_an_order_that_tablestore_did_not_sign_is_asked_for_again(
        shop: Shop, between: Middleman, store: Store, name: str) -> None:
    bought = shop.purchase(paid=False)
    spoil_one(between, store, "GetRow", CHANGES[name])
    seen = shop.ask(Asking.poll(bought.buyer, bought.order_id))
    assert seen.body["order"]["order_id"] == bought.order_id
    assert seen.store == ("GetRow", "GetRow")


@pytest.mark.parametrize("name", CHANGES)
def test_a_write_is_not_believed_done_that_tablestore_did_not_confirm(
        shop: Shop, between: Middleman, store: Store, name: str) -> None:
    bought = shop.purchase()
    store.kept = "UpdateRow"
    spoil_one(between, store, "UpdateRow", CHANGES[name])
    seen = shop.tell(shop.notify_of(bought))
    assert (seen.status, seen.written) == (200, {"orders"})  # the second one; the first is kept
    assert shop.is_paid(bought)


def test_a_store_that_goes_on_lying_is_no_store(shop: Shop, between: Middleman,
                                                store: Store) -> None:
    bought = shop.purchase()
    genuine = shop.notify_of(bought)
    between.change = CHANGES["unsigned"]
    seen = shop.tell(genuine)
    assert (seen.status, seen.code) == (503, "TEMPORARILY_UNAVAILABLE")
    assert not shop.is_paid(bought)
    between.change = unchanged
    assert shop.tell(genuine).status == 200

"""A purchase through the handlers: what is answered, what is told, and what never is."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.errors import (
    InvalidNotify,
    ProviderRefused,
    ProviderUnavailable,
    StoreUnavailable,
    StoreUnknown,
)
from shared.log import JsonLog
from shared.secret import Secret
from tests.fakes.script import raises
from tests.functions.events import event
from tests.functions.shopfront import CLAIM, KEYS, ORDERS, PRODUCTS, Reply, Shopfront
from tests.functions.test_bad_requests import check_error
from tests.unit.use_cases.world import DEVICE, KEY, OTHER_SECRET, SECRET, World, hash_of

if TYPE_CHECKING:
    from shared.domain.order import Order

SEED = base64.urlsafe_b64encode(b"canary-seed-that-nobody-may-see!").decode().rstrip("=")


@pytest.fixture
def front() -> Shopfront:
    return Shopfront()


def placed(front: Shopfront) -> Order:
    assert front.order().status == 200
    return front.world.orders.all()[0]


def without_id(reply: Reply) -> tuple[int, Any, dict[str, str]]:
    error = dict(reply.json["error"])
    error.pop("request_id")
    return reply.status, error, dict(reply.headers)


def test_every_way_not_to_know_an_order_looks_the_same(front: Shopfront) -> None:
    order = placed(front)
    bad = {"wrong secret": (order.order_id, f"Bearer {OTHER_SECRET}"),
           "no secret": (order.order_id, None),
           "malformed secret": (order.order_id, "Bearer x"),
           "doubled secret": (order.order_id, f"Bearer {SECRET},Bearer {SECRET}"),
           "basic": (order.order_id, f"Basic {SECRET}"),
           "guessed id": ("0123456789ABCDEFGHJKMNPQRS", f"Bearer {SECRET}"),
           "malformed id": ("nope", f"Bearer {SECRET}"),
           "order number": (order.out_trade_no, f"Bearer {SECRET}"),
           "lower case id": (order.order_id.lower(), f"Bearer {SECRET}")}
    seen_polls, seen_claims, seen_purchases = [], [], []
    for order_id, authorization in bad.values():
        headers = {} if authorization is None else {"authorization": authorization}
        seen_polls.append(without_id(front.call("license-fetch", event(
            "GET", f"{ORDERS}/{order_id}", headers))))
        seen_claims.append(without_id(front.as_device(
            DEVICE, "POST", CLAIM, {"order_id": order_id}, headers)))
        seen_purchases.append(without_id(front.call("license-fetch", event(
            "GET", f"{ORDERS}/{order_id}/license", headers))))
    assert seen_polls == [seen_polls[0]] * len(bad)
    assert seen_claims == seen_purchases == [seen_polls[0]] * len(bad)
    assert seen_polls[0][0] == 404
    assert front.poll(order.order_id).status == 200


def test_one_key_and_another_body_is_409(front: Shopfront) -> None:
    placed(front)
    check_error(front.order(product_id="course"), 409, "IDEMPOTENCY_KEY_REUSED")
    check_error(front.order(secret=OTHER_SECRET), 409, "IDEMPOTENCY_KEY_REUSED")
    assert front.order().status == 200


def test_claiming_before_paying_is_409_and_says_when_to_come_back(front: Shopfront) -> None:
    reply = front.claim(placed(front).order_id)
    assert check_error(reply, 409, "ORDER_NOT_PAID")["retry_after_s"] == 2
    assert reply.headers["Retry-After"] == "2"


def test_a_refunded_order_has_no_license(front: Shopfront) -> None:
    order = placed(front)
    front.notify(front.world.pay(order))
    front.notify(front.world.gateway.refund(order.out_trade_no))
    check_error(front.claim(order.order_id), 403, "LICENSE_SUSPENDED")
    assert front.poll(order.order_id).json["order"]["status"] == "refunding"


def test_an_expired_license_is_403(front: Shopfront) -> None:
    order = placed(front)
    front.notify(front.world.pay(order))
    front.world.clock.advance_s(366 * 86_400)
    check_error(front.claim(order.order_id), 403, "LICENSE_EXPIRED")


def test_a_lease_that_is_being_signed_is_202(front: Shopfront) -> None:
    order = placed(front)
    front.notify(front.world.pay(order))
    front.world.fake_issuer.is_pending = True
    reply = front.claim(order.order_id)
    assert reply.status == 202
    assert reply.json["license"]["status"] == "pending"
    assert reply.json["license"]["lease"] is None


def test_keys_may_be_cached_and_nothing_else(front: Shopfront) -> None:
    keys = front.call("license-fetch", event("GET", KEYS))
    assert keys.headers["Cache-Control"] == "public, max-age=300"
    assert front.call("create-order", event("GET", PRODUCTS)).headers[
        "Cache-Control"] == "no-store"


@pytest.mark.parametrize("story", ["waiting", "expired", "paid"])
def test_a_code_is_shown_only_while_it_can_be_paid(front: Shopfront, story: str) -> None:
    order = placed(front)
    if story == "paid":
        front.notify(front.world.pay(order))
    if story == "expired":
        front.world.clock.advance_s(7200)
    shown = front.poll(order.order_id).json["order"]
    assert shown["status"] == {"waiting": "awaiting_payment", "expired": "expired",
                               "paid": "paid"}[story]
    assert (shown["payment"] is not None) == (story == "waiting")


TROUBLE = [(StoreUnavailable(), 503, "TEMPORARILY_UNAVAILABLE"),
           (StoreUnknown(), 503, "TEMPORARILY_UNAVAILABLE")]


@pytest.mark.parametrize(("error", "status", "code"), TROUBLE)
def test_trouble_in_the_store_is_503_at_every_door(front: Shopfront, error: Exception, status: int,
                                                   code: str) -> None:
    order = placed(front)
    fact = front.world.pay(order)
    front.world.orders.script.before("create", raises(error))
    check_error(front.order(), status, code)
    for call in (lambda: front.poll(order.order_id), lambda: front.claim(order.order_id)):
        front.world.orders.script.before("load", raises(error))
        check_error(call(), status, code)
    front.world.orders.script.before("load", raises(error))
    refused = front.notify(fact)
    assert (refused.status, refused.json) == (status, {"code": code})


@pytest.mark.parametrize(("error", "status", "code"), [
    (ProviderUnavailable(), 503, "PROVIDER_UNAVAILABLE"),
    (ProviderRefused(reason="SIGN_ERROR"), 502, "PROVIDER_REFUSED")])
def test_trouble_at_the_provider_is_told_by_create_order_only(
        front: Shopfront, error: Exception, status: int, code: str) -> None:
    front.world.gateway.script.before("place", raises(error))
    assert "SIGN_ERROR" not in json.dumps(check_error(front.order(), status, code))
    order = front.world.orders.all()[0]
    front.world.clock.advance_s(10)
    front.world.gateway.script.before("query", raises(error))
    assert front.poll(order.order_id).status == 200


def test_a_crash_at_notify_is_a_500_that_wechat_sends_again(front: Shopfront) -> None:
    fact = front.world.pay(placed(front))
    front.world.orders.script.before("load", raises(RuntimeError("geheim")))
    reply = front.notify(fact)
    assert (reply.status, reply.json) == (500, {"code": "INTERNAL_ERROR"})
    assert front.world.log.named("function.crashed") == [{"alarm": True, "kind": "RuntimeError"}]
    assert front.notify(fact).status == 200


@pytest.mark.parametrize("genuine", [True, None])
def test_a_notify_that_is_wechats_and_of_no_use_raises_the_alarm(front: Shopfront,
                                                                 genuine: bool | None) -> None:
    error = InvalidNotify(reason="resource_not_decryptable")
    error.genuine = bool(genuine)
    front.world.orders.script.before("load", raises(error))
    assert front.notify(front.world.pay(placed(front))).status == 401
    assert front.world.log.named("notify.refused") == [{
        "code": "NOTIFY_INVALID", "reason": "resource_not_decryptable", "status": 401,
        "alarm": genuine}]


def test_a_held_payment_is_refused_so_that_wechat_sends_it_again(front: Shopfront) -> None:
    order = placed(front)
    front.world.clock.advance_s(10)
    wrong = front.world.gateway.pay(order.out_trade_no, front.world.clock.now_s(),
                                    amount=type(order.price)(1, "CNY"))
    for _ in range(2):
        assert front.notify(wrong).status == 500
    assert len(front.world.held.rows()) == 1


class Sinks:
    """Everything that leaves the functions: answers and log lines."""

    def __init__(self) -> None:
        self.world = World()
        self.world.issuer = Ed25519LicenseIssuer(
            "k1", Secret("TONGBAO_SIGNING_KEY", SEED), "tongbao:TB01")
        self.log = io.StringIO()
        json_log = JsonLog(self.log, self.world.clock, "test")
        self.world.books = replace(self.world.books, log=json_log)
        self.world.shop = replace(self.world.shop, books=self.world.books)
        self.world.refund_counter = replace(self.world.refund_counter, books=self.world.books)
        self.front = Shopfront(self.world, log=json_log)
        self.answers: list[str] = []

    def keep(self, reply: Reply) -> Reply:
        self.answers.append(json.dumps([reply.headers, reply.text], ensure_ascii=False))
        return reply


def test_no_secret_leaves_through_answers_or_log() -> None:
    sinks = Sinks()
    front, world = sinks.front, sinks.world
    for key in (KEY, KEY, KEY[:-1]):
        sinks.keep(front.order(key))
    sinks.keep(front.order(secret=OTHER_SECRET))
    order = world.orders.all()[0]
    world.clock.advance_s(10)
    world.gateway.script.before("query", raises(ProviderUnavailable(reason="timeout")))
    sinks.keep(front.poll(order.order_id))
    sinks.keep(front.claim(order.order_id))
    fact = world.pay(order)
    headers, body = world.verifier.sign(fact)
    sinks.keep(front.call("notify", event("POST", "/v1/notify/wechatpay", {}, body)))
    world.orders.script.before("save", raises(RuntimeError(SECRET + SEED)))
    for _ in range(3):
        sinks.keep(front.notify(fact))
    sinks.keep(front.notify(world.gateway.pay(order.out_trade_no, world.clock.now_s(),
                                              transaction_id="4200000000-canary-2")))
    claimed = sinks.keep(front.claim(order.order_id))
    sinks.keep(front.poll(order.order_id, OTHER_SECRET))
    sinks.keep(front.call("license-fetch", event("GET", KEYS)))
    lease = claimed.json["license"]["lease"]["token"]
    log, answers = sinks.log.getvalue(), "\n".join(sinks.answers)
    assert len(log.splitlines()) > 12
    assert fact.transaction_id is not None
    for canary in (SECRET, OTHER_SECRET, SEED, hash_of(SECRET), order.provider_request):
        assert canary not in answers
        assert canary not in log
    for canary in (KEY, lease, order.out_trade_no, fact.transaction_id, "4200000000-canary-2",
                   headers["fake-signature"], body.decode(), "weixin://"):
        assert canary not in log
    for canary in (KEY, fact.transaction_id, "Traceback", "RuntimeError"):
        assert canary not in answers


def test_every_log_line_is_json_with_a_name_a_time_and_a_function() -> None:
    sinks = Sinks()
    sinks.front.order()
    sinks.front.poll("x")
    for line in sinks.log.getvalue().splitlines():
        fact = json.loads(line)
        assert {"fact", "at_s", "function", "request_id"} <= set(fact)
        assert fact["at_s"] == sinks.world.clock.now_s()

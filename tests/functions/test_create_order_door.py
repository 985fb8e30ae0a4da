"""What create-order does with a request before any rule runs, and what it hands on."""

from __future__ import annotations

import json

from functions.create_order import index
from shared.http.app import App
from shared.http.source_bucket import SourceBucket
from tests.functions.events import event
from tests.functions.shopfront import JSON, ORDERS, Shopfront


def test_a_malformed_order_costs_its_source_as_much_as_a_good_one() -> None:
    front = Shopfront()
    world = front.world
    bucket = SourceBucket(world.clock, per_minute=1, burst=2)
    routes = index.routes(world.shop, bucket, world.refund_counter)
    front.apps["create-order"] = App(routes, log=world.log, cors=True, begin=lambda _: None)
    broken = event("POST", ORDERS, JSON, b"{")
    assert [front.call("create-order", broken).status for _ in range(3)] == [400, 400, 429]
    assert front.order().status == 429


def test_the_title_is_in_the_language_that_was_asked_for() -> None:
    titles = {"en": "Reader Pro", "zh": "\u9605\u8bfb\u52a9\u624b\u4e13\u4e1a\u7248"}
    for language, title in titles.items():
        front = Shopfront()
        order = front.order(language=language).json["order"]
        assert order["title"] == title
        request = json.loads(front.world.orders.all()[0].provider_request)
        assert request["description"] == title

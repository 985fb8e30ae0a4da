"""license-fetch: how an order stands, its license on the buyer's devices, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared import bootstrap
from shared.http.answers import order_answer, receipt_answer
from shared.http.app import App, Route
from shared.http.incoming import bearer_secret, json_object
from shared.http.license_answers import devices_answer, license_answer, purchase_answer
from shared.http.license_bodies import read_claim, read_decision, read_restore
from shared.http.request import Answer, Request
from shared.use_cases.claim_license import Desk, claim_license
from shared.use_cases.fetch_order import Counter, fetch_order
from shared.use_cases.manage_devices import decide_takeover, list_devices, remove_device
from shared.use_cases.refresh_lease import refresh_lease
from shared.use_cases.restore_license import restore_license
from shared.use_cases.show_license import show_license
from shared.use_cases.show_receipt import show_receipt

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.http.device_gate import Doors
    from shared.use_cases.claim_license import HandedOver
    from shared.use_cases.request_refund import RefundCounter

KEYS_CACHE = {"Cache-Control": "public, max-age=300"}


def initialize(context: object) -> None:
    """Build everything before the first request (Function Compute's initializer)."""
    bootstrap.license_fetch_app(routes)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Answer one HTTP event."""
    app: App = bootstrap.license_fetch_app(routes)
    return app(event, context)


def routes(counter: Counter, desk: Desk, refunds: RefundCounter, doors: Doors) -> list[Route]:
    """What this function answers to."""
    return [
        Route("GET", "/v1/orders/{order_id}", lambda request: show(request, counter, doors)),
        Route("GET", "/v1/orders/{order_id}/receipt",
              lambda request: show_paid(request, refunds)),
        Route("GET", "/v1/orders/{order_id}/license",
              lambda request: show_bought(request, desk)),
        Route("POST", "/v1/licenses/claim", lambda request: claim(request, desk, doors)),
        Route("POST", "/v1/licenses/restore", lambda request: restore(request, desk, doors)),
        Route("POST", "/v1/licenses/{license_id}/lease",
              lambda request: refresh(request, desk, doors)),
        Route("GET", "/v1/licenses/{license_id}/devices",
              lambda request: devices(request, desk, doors)),
        Route("DELETE", "/v1/licenses/{license_id}/devices/{device_id}",
              lambda request: remove(request, desk, doors)),
        Route("POST", "/v1/licenses/{license_id}/takeovers/{takeover_id}",
              lambda request: decide(request, desk, doors)),
        Route("GET", "/v1/keys", lambda _: Answer(200, {
            "keys": doors.key_set.public_keys(), "set": doors.key_set.text},
            headers=KEYS_CACHE))]


def show(request: Request, counter: Counter, doors: Doors) -> Answer:
    """GET /v1/orders/{order_id}: how the order stands, for who knows its claim secret.

    It carries a nonce, so that the claim that follows the payment needs no second try.
    """
    order = fetch_order(request.parameters["order_id"], bearer_secret(request), counter)
    return Answer(200, order_answer(order, counter.books.clock.now_s()),
                  headers=doors.gate.nonce())


def show_paid(request: Request, refunds: RefundCounter) -> Answer:
    """GET /v1/orders/{order_id}/receipt: what was paid and what went back."""
    return Answer(200, receipt_answer(show_receipt(
        request.parameters["order_id"], bearer_secret(request), refunds)))


def show_bought(request: Request, desk: Desk) -> Answer:
    """GET /v1/orders/{order_id}/license: a signed receipt; nothing that unlocks."""
    return Answer(200, purchase_answer(show_license(
        request.parameters["order_id"], bearer_secret(request), desk)))


def claim(request: Request, desk: Desk, doors: Doors) -> Answer:
    """POST /v1/licenses/claim: the first activation of a paid order's license."""
    order_id, platform = read_claim(json_object(request))
    wanted = doors.gate.device_of(request, platform)
    return _handed(claim_license(order_id, bearer_secret(request), wanted, desk), desk, doors)


def restore(request: Request, desk: Desk, doors: Doors) -> Answer:
    """POST /v1/licenses/restore: a new device, by order number or license key."""
    doors.bucket.take(request.source_ip)
    wish, platform = read_restore(json_object(request))
    wanted = doors.gate.device_of(request, platform)
    return _handed(restore_license(wish, wanted, desk), desk, doors)


def refresh(request: Request, desk: Desk, doors: Doors) -> Answer:
    """POST /v1/licenses/{license_id}/lease: the next lease of an active device."""
    thumbprint = doors.gate.thumbprint_of(request)
    return _handed(refresh_lease(request.parameters["license_id"], thumbprint, desk), desk, doors)


def devices(request: Request, desk: Desk, doors: Doors) -> Answer:
    """GET /v1/licenses/{license_id}/devices: all of them, for one of them."""
    thumbprint = doors.gate.thumbprint_of(request)
    license_ = list_devices(request.parameters["license_id"], thumbprint, desk)
    return _listed(license_, thumbprint, desk, doors)


def remove(request: Request, desk: Desk, doors: Doors) -> Answer:
    """DELETE /v1/licenses/{license_id}/devices/{device_id}: free a slot."""
    thumbprint = doors.gate.thumbprint_of(request)
    license_ = remove_device(request.parameters["license_id"], thumbprint,
                             request.parameters["device_id"], desk)
    return _listed(license_, thumbprint, desk, doors)


def decide(request: Request, desk: Desk, doors: Doors) -> Answer:
    """POST /v1/licenses/{license_id}/takeovers/{takeover_id}: approve it, or object."""
    approve = read_decision(json_object(request))
    thumbprint = doors.gate.thumbprint_of(request)
    license_ = decide_takeover(request.parameters["license_id"], thumbprint,
                               request.parameters["takeover_id"], approve=approve, desk=desk)
    return _listed(license_, thumbprint, desk, doors)


def _handed(handed: HandedOver, desk: Desk, doors: Doors) -> Answer:
    return Answer(202 if handed.lease is None else 200,
                  license_answer(handed, desk.books.clock.now_s()), headers=doors.gate.nonce())


def _listed(license_: License, thumbprint: str, desk: Desk, doors: Doors) -> Answer:
    return Answer(200, devices_answer(license_, thumbprint, desk.books.clock.now_s()),
                  headers=doors.gate.nonce())

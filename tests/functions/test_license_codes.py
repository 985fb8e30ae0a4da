"""Every error code of licenses at its door: status, both languages, what comes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.openapi_document import OPERATIONS
from shared.domain.calendar import DAY_S
from shared.domain.device import Refusal
from shared.domain.license_key import shown
from shared.use_cases.record_refund import record_refund
from tests.fakes import samples
from tests.fakes.samples import LICENSE_KEYS
from tests.functions.events import event
from tests.functions.shopfront import CLAIM, RESTORE, Reply, Shopfront
from tests.functions.test_bad_requests import check_error
from tests.unit.use_cases.licensing import device
from tests.unit.use_cases.world import DEVICE, OTHER_DEVICE, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.license import License
    from shared.domain.order import Order


class Scene:
    """A shop that sold one license. `claimed`: DEVICE has it."""

    def __init__(self, *, claimed: bool = True, paid: bool = True, restores: int = 1000) -> None:
        self.front = Shopfront(restores=restores)
        self.world = self.front.world
        assert self.front.order().ok
        self.order: Order = self.world.orders.all()[0]
        self.number, self.order_id = self.order.out_trade_no, self.order.order_id
        self.license_id = self.order.license_id
        if paid:
            assert self.front.notify(self.world.pay(self.order)).ok
        if claimed and paid:
            assert self.front.claim(self.order_id).ok

    @property
    def stored(self) -> License:
        """The one license."""
        license_, = self.world.licenses.all()
        return license_

    def id_of(self, n: int) -> str:
        """The id of the n-th device that is active."""
        return self.stored.devices[n].device_id

    def full(self) -> Scene:
        """Three devices, all with a voice."""
        for n in (1, 2):
            assert self.front.restore(device(n), order_number=self.number).ok
        self.world.clock.advance_s(3 * DAY_S)
        return self

    def asked(self) -> str:
        """OTHER_DEVICE asks for the slot of the second: the request's id."""
        self.front.restore(order_number=self.number, replaces=self.id_of(1))
        assert self.stored.takeover is not None
        return self.stored.takeover.takeover_id

    def refunded(self, *, settled: bool) -> Scene:
        """The money goes back, or went."""
        if settled:
            record_refund(self.world.refunds.console_refund(self.number), self.world.books)
        else:
            assert self.front.notify(self.world.gateway.refund(self.number)).ok
        return self


def swapped_often() -> Reply:
    scene = Scene().full()
    for n in range(5):
        assert scene.front.remove(scene.license_id, scene.id_of(1)).ok
        assert scene.front.restore(device(n + 3), order_number=scene.number).ok
        scene.world.clock.advance_s(3 * DAY_S)
        assert scene.front.refresh(scene.license_id).ok
    return scene.front.remove(scene.license_id, scene.id_of(1))


def barred() -> Reply:
    scene = Scene().full()
    assert scene.front.decide(scene.license_id, scene.asked(), "object").ok
    return scene.front.restore(order_number=scene.number)


def busy() -> Reply:
    scene = Scene().full()
    scene.asked()
    return scene.front.restore(device(9), order_number=scene.number, replaces=scene.id_of(2))


def waits() -> Reply:
    scene = Scene().full()
    return scene.front.restore(order_number=scene.number, replaces=scene.id_of(1))


def too_new() -> Reply:
    scene = Scene()
    assert scene.front.restore(order_number=scene.number).ok
    return scene.front.remove(scene.license_id, scene.id_of(0), OTHER_DEVICE)


def too_many() -> Reply:
    scene = Scene(restores=2)
    return [scene.front.restore(order_number=samples.number(n)) for n in range(3)][-1]


def expired() -> Reply:
    scene = Scene()
    scene.world.clock.advance_s(366 * DAY_S)
    return scene.front.refresh(scene.license_id)


def stale() -> Reply:
    scene = Scene()
    old = scene.front.fake_proofs.proof(DEVICE.thumbprint, scene.world.clock.now_s())
    scene.world.clock.advance_s(600)
    return scene.front.call("license-fetch", event(
        "GET", f"/v1/licenses/{scene.license_id}/devices", {"dpop": old}))


def with_proof(headers: dict[str, str]) -> Reply:
    scene = Scene()
    return scene.front.call("license-fetch", event(
        "POST", f"/v1/licenses/{scene.license_id}/lease", headers))


def refunded(*, settled: bool) -> Reply:
    scene = Scene().refunded(settled=settled)
    return scene.front.refresh(scene.license_id)


def full() -> Reply:
    scene = Scene().full()
    return scene.front.restore(order_number=scene.number)


SCENES: dict[str, tuple[int, Callable[[], Reply]]] = {
    "ORDER_NOT_FOUND": (404, lambda: Scene().front.claim("0123456789ABCDEFGHJKMNPQRS")),
    "ORDER_NOT_PAID": (409, lambda: (s := Scene(paid=False)).front.restore(
        order_number=s.number)),
    "LICENSE_SUSPENDED": (403, lambda: refunded(settled=False)),
    "LICENSE_REVOKED": (403, lambda: refunded(settled=True)),
    "LICENSE_EXPIRED": (403, expired),
    "RATE_LIMITED": (429, too_many),
    "LICENSE_NOT_FOUND": (404, lambda: Scene().front.restore(order_number=samples.number(5))),
    "LICENSE_KEY_MISTYPED": (400, lambda: Scene().front.restore(license_key="TB1-AAAAA")),
    "ORDER_NUMBER_MISTYPED": (400, lambda: Scene().front.restore(order_number="4200000123")),
    "DEVICE_PROOF_REQUIRED": (401, lambda: with_proof({})),
    "DEVICE_PROOF_INVALID": (401, lambda: with_proof({"dpop": "x"})),
    "DEVICE_PROOF_STALE": (401, stale),
    "CLAIM_SECRET_USED": (409, lambda: (s := Scene()).front.claim(
        s.order_id, device=OTHER_DEVICE)),
    "DEVICE_LIMIT_REACHED": (409, full),
    "DEVICE_NOT_ACTIVE": (404, lambda: (s := Scene()).front.refresh(
        s.license_id, OTHER_DEVICE)),
    "DEVICE_TOO_NEW": (409, too_new),
    "DEVICE_SWAP_LIMIT": (429, swapped_often),
    "TAKEOVER_WAITS": (409, waits),
    "TAKEOVER_BUSY": (409, busy),
    "RESTORE_BARRED": (409, barred),
    "TAKEOVER_NOT_OPEN": (409, lambda: (s := Scene()).front.decide(
        s.license_id, "0123456789ABCDEFGHJKMNPQRS", "approve")),
}
WITH_DEVICES = {"DEVICE_LIMIT_REACHED", "TAKEOVER_WAITS"}
WITH_NONCE = {"DEVICE_PROOF_REQUIRED", "DEVICE_PROOF_STALE"}
COME_BACK = {"ORDER_NOT_PAID": 2, "RATE_LIMITED": 31, "DEVICE_TOO_NEW": 3 * DAY_S,
             "DEVICE_SWAP_LIMIT": 75 * DAY_S, "TAKEOVER_WAITS": 3 * DAY_S,
             "TAKEOVER_BUSY": 14 * DAY_S, "RESTORE_BARRED": 90 * DAY_S}
FIELDS = {"LICENSE_KEY_MISTYPED": "license_key", "ORDER_NUMBER_MISTYPED": "order_number"}


@pytest.mark.parametrize("code", SCENES)
def test_every_code_has_its_status_its_words_and_what_helps(code: str) -> None:
    status, scene = SCENES[code]
    reply = scene()
    error = check_error(reply, status, code)
    assert error.get("retry_after_s") == COME_BACK.get(code)
    wanted = str(COME_BACK[code]) if code in COME_BACK else None
    assert reply.headers.get("Retry-After") == wanted
    assert ("details" in error) is (code in WITH_DEVICES)
    assert ("DPoP-Nonce" in reply.headers) is (code in WITH_NONCE)
    assert error.get("field") == FIELDS.get(code)


def test_every_refusal_and_every_code_of_the_license_routes_has_a_scene() -> None:
    elsewhere = {"INVALID_REQUEST", "INVALID_HEADER", "METHOD_NOT_ALLOWED", "INTERNAL_ERROR",
                 "INVALID_JSON", "INVALID_FIELD", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE",
                 "TEMPORARILY_UNAVAILABLE"}
    documented = {code for operation in OPERATIONS if operation.proven
                  for code in operation.errors}
    assert set(SCENES) == documented - elsewhere
    assert {refusal.value for refusal in Refusal} <= set(SCENES)


def test_the_devices_that_come_along_are_those_of_the_list() -> None:
    scene = Scene().full()
    scene.asked()
    details = scene.front.restore(device(9), order_number=scene.number).json["error"]["details"]
    listed = scene.front.devices(scene.license_id).json
    assert [one.pop("is_this") for one in details["devices"]] == [False] * 3
    assert [one.pop("is_this") for one in listed["devices"]].count(True) == 1
    assert details == {name: listed[name] for name in ("device_limit", "devices", "takeover")}
    assert len(details["devices"]) == details["device_limit"] == 3
    assert details["takeover"]["platform"] == OTHER_DEVICE.platform
    assert DEVICE.thumbprint not in str(listed)


def test_unknown_and_foreign_look_the_same() -> None:
    scene = Scene()
    unknown_key = LICENSE_KEYS.new("an order that is not")
    seen = [scene.front.restore(order_number=samples.number(5)),
            scene.front.restore(license_key=shown(unknown_key))]
    assert seen[0] == seen[1]
    strangers = [scene.front.refresh(name, OTHER_DEVICE)
                 for name in (scene.license_id, "0123456789ABCDEFGHJKMNPQRS", "nope")]
    assert strangers == [strangers[0]] * 3


@pytest.mark.parametrize("way", ["order_number", "license_key"])
def test_tries_of_one_source_are_counted_before_anything_is_read(way: str) -> None:
    scene = Scene(restores=2)
    typed = scene.number if way == "order_number" else shown(LICENSE_KEYS.new(scene.order_id))
    for wrong in (typed[:-1], "x"):
        assert scene.front.restore(**{way: wrong}).status == 400
    scene.world.forget_calls()
    check_error(scene.front.restore(**{way: typed}), 429, "RATE_LIMITED")
    assert scene.world.calls() == []
    assert scene.front.refresh(scene.license_id).ok
    scene.world.clock.advance_s(30)
    assert scene.front.restore(**{way: typed}).ok


@pytest.mark.parametrize(("method", "path", "body"), [
    ("POST", CLAIM, {"order_id": "0123456789ABCDEFGHJKMNPQRS"}),
    ("POST", RESTORE, {"order_number": samples.number(1)}),
    ("POST", "/v1/licenses/0123456789ABCDEFGHJKMNPQRS/lease", None),
    ("GET", "/v1/licenses/0123456789ABCDEFGHJKMNPQRS/devices", None),
    ("DELETE", "/v1/licenses/0123456789ABCDEFGHJKMNPQRS/devices/0123456789ABCDEFGHJKMNPQRS", None),
    ("POST", "/v1/licenses/0123456789ABCDEFGHJKMNPQRS/takeovers/0123456789ABCDEFGHJKMNPQRS",
     {"decision": "approve"})])
def test_without_a_good_proof_nothing_is_read_anywhere(
        method: str, path: str, body: dict[str, str] | None) -> None:
    front = Shopfront()
    for code, proof in (("DEVICE_PROOF_REQUIRED", None), ("DEVICE_PROOF_INVALID", "x"),
                        ("DEVICE_PROOF_STALE", f"{DEVICE.thumbprint} nonce-1")):
        reply = front.proven_by(proof, method, path, body, {"authorization": f"Bearer {SECRET}"})
        check_error(reply, 401, code)
    assert front.world.calls() == []

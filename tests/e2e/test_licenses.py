"""The life of a license on several devices: real functions over HTTP, on a clock that can move.

Leases are judged by the verifier that sellers use on their own servers: it shares no code with
the functions.
"""

from __future__ import annotations

import http.client
import io
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from scripts.demo_purchase.buyer import Buyer, expect
from scripts.demo_purchase.device import Device
from scripts.demo_purchase.faults.play import next_afternoon
from scripts.demo_purchase.faults.stage import PRODUCT, Stage
from scripts.demo_purchase.faults.told import Teller
from scripts.demo_purchase.stack import run_stack
from scripts.demo_purchase.state import open_state
from scripts.demo_purchase.world_clock import WorldClock
from tests.e2e.verifying import LeaseVerifier
from tests.wire.device import Client, Reply
from tests.wire.device import Device as OtherDevice

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR_S = 3_600
DAY_S = 24 * HOUR_S


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("world")
    with WorldClock(folder / "clock") as clock:
        clock.advance_to(next_afternoon(time.time()))
        with run_stack(open_state(folder), clock=clock, overrides={
                "TONGBAO_ORDERS_BURST": "1000", "TONGBAO_RESTORES_PER_MINUTE": "1000"}) as stack:
            yield Stage(stack, clock, Teller(Console(file=io.StringIO()), clock.now_s))


class Owned(NamedTuple):
    """A license on its first device."""

    buyer: Buyer
    order: dict[str, Any]
    license: dict[str, Any]

    @property
    def license_id(self) -> str:
        return str(self.license["license_id"])

    @property
    def key(self) -> str:
        return str(self.license["license_key"])

    def devices(self) -> list[dict[str, Any]]:
        """As the first device sees them."""
        listed: list[dict[str, Any]] = expect(self.buyer.devices(self.license_id), 200)["devices"]
        return listed


@pytest.fixture
def owned(stage: Stage) -> Owned:
    sale = stage.place()
    stage.pay(sale)
    stage.wait_until(lambda: stage.notify_statuses(sale) == [200], "the notify is accepted")
    return Owned(sale.buyer, sale.order, expect(sale.buyer.claim(sale.order_id), 200)["license"])


@pytest.fixture
def verifier(stage: Stage) -> LeaseVerifier:
    keys = stage.stack.state.keys
    made = LeaseVerifier(keys.pinned, "tongbao:DEM0", PRODUCT)
    assert made.load(keys.text, stage.now_s()) == "VALID"
    return made


def another(stage: Stage) -> Buyer:
    """A device that knows no secret of the buyer's."""
    return Buyer(stage.stack.urls, device=Device("edge/macos"))


def token(answer: dict[str, Any]) -> str:
    return str(answer["license"]["lease"]["token"])


def filled(stage: Stage, owned: Owned) -> list[Buyer]:
    """All slots taken: the first device, one by order number, one by license key."""
    second, third = another(stage), another(stage)
    expect(second.restore(order_number=owned.order["out_trade_no"]), 200)
    expect(third.restore(license_key=owned.key), 200)
    return [owned.buyer, second, third]


def test_a_purchase_ends_in_a_lease_for_one_device(
        stage: Stage, owned: Owned, verifier: LeaseVerifier) -> None:
    now_s, device = stage.now_s(), owned.buyer.device
    lease = owned.license["lease"]["token"]
    assert verifier.judge(lease, now_s, device.thumbprint) == "VALID"
    assert verifier.judge(lease, now_s, Device().thumbprint) == "DEVICE_MISMATCH"
    claims = verifier.claims(lease, now_s)
    assert (claims["sub"], claims["ent"], claims["env"]) == (owned.license_id, ["pro"], "test")
    receipt = expect(owned.buyer.bought(owned.order["order_id"]), 200)["purchase"]["receipt"]
    assert verifier.judge(receipt, now_s, device.thumbprint) == "WRONG_TYPE"


def test_a_lease_is_good_in_grace_and_dark_when_the_device_list_says_so(
        owned: Owned, verifier: LeaseVerifier) -> None:
    lease, jkt = owned.license["lease"], owned.buyer.device.thumbprint
    for at_s, code in ((lease["ends_at_s"] - 1, "VALID"), (lease["ends_at_s"], "VALID_GRACE"),
                       (lease["grace_ends_at_s"] - 1, "VALID_GRACE"),
                       (lease["grace_ends_at_s"], "LEASE_EXPIRED")):
        assert verifier.judge(lease["token"], at_s, jkt) == code
    (device,) = owned.devices()
    assert lease["grace_ends_at_s"] <= device["dark_at_s"] <= lease["grace_ends_at_s"] + HOUR_S


def test_other_devices_restore_and_one_too_many_is_shown_who_is_there(
        stage: Stage, owned: Owned, verifier: LeaseVerifier) -> None:
    second, third, fourth = (another(stage) for _ in range(3))
    by_number = expect(second.restore(order_number=owned.order["out_trade_no"].lower()), 200)
    by_key = expect(third.restore(license_key=owned.key), 200)
    for device, answer in ((second, by_number), (third, by_key)):
        assert verifier.judge(token(answer), stage.now_s(), device.device.thumbprint) == "VALID"
    assert [device["way"] for device in owned.devices()] == [
        "claim", "order_number", "license_key"]
    for known in ({"order_number": owned.order["out_trade_no"]}, {"license_key": owned.key}):
        full = fourth.restore(**known)
        assert (full.status, full.error_code) == (409, "DEVICE_LIMIT_REACHED")
        assert len(full.value["error"]["details"]["devices"]) == 3
    assert len(owned.devices()) == 3
    again = expect(second.restore(order_number=owned.order["out_trade_no"]), 200)
    assert token(again) == token(by_number)


def asked(owned: Owned, fourth: Buyer, replaced: Buyer) -> dict[str, Any]:
    """The request of a fourth device for another's slot, as the first device sees it."""
    devices = owned.devices()
    mine = {device["device_id"]: device for device in devices}
    own = expect(replaced.devices(owned.license_id), 200)["devices"]
    assert [device["device_id"] for device in own] == list(mine)
    waits = fourth.restore(license_key=owned.key, replaces=devices[1]["device_id"])
    assert (waits.status, waits.error_code) == (409, "TAKEOVER_WAITS")
    takeover: dict[str, Any] = expect(owned.buyer.devices(owned.license_id), 200)["takeover"]
    return takeover


def test_an_approved_device_takes_the_slot_and_the_former_one_gets_no_lease(
        stage: Stage, owned: Owned, verifier: LeaseVerifier) -> None:
    _, second, _ = filled(stage, owned)
    fourth = another(stage)
    takeover = asked(owned, fourth, second)
    for _ in range(2):  # said twice, done once
        expect(owned.buyer.decide(owned.license_id, takeover["takeover_id"], "approve"), 200)
    lease = token(expect(fourth.refresh(owned.license_id), 200))
    assert verifier.judge(lease, stage.now_s(), fourth.device.thumbprint) == "VALID"
    assert second.refresh(owned.license_id).error_code == "DEVICE_NOT_ACTIVE"
    assert len(owned.devices()) == 3


def test_after_an_objection_nobody_gets_a_slot_by_asking(stage: Stage, owned: Owned) -> None:
    _, second, _ = filled(stage, owned)
    fourth = another(stage)
    takeover = asked(owned, fourth, second)
    expect(owned.buyer.decide(owned.license_id, takeover["takeover_id"], "object"), 200)
    stage.clock.advance_to(takeover["ripe_at_s"] + 1)
    barred = fourth.restore(license_key=owned.key, replaces=takeover["replaces"])
    assert barred.error_code == "RESTORE_BARRED"
    expect(second.refresh(owned.license_id), 200)


def test_after_72_hours_without_objection_the_next_call_swaps(stage: Stage, owned: Owned) -> None:
    _, second, _ = filled(stage, owned)
    fourth = another(stage)
    takeover = asked(owned, fourth, second)
    assert takeover["ripe_at_s"] - takeover["asked_at_s"] == 72 * HOUR_S
    assert fourth.restore(license_key=owned.key).error_code == "TAKEOVER_WAITS"
    stage.clock.advance_to(takeover["ripe_at_s"])
    expect(fourth.restore(license_key=owned.key), 200)
    assert second.refresh(owned.license_id).error_code == "DEVICE_NOT_ACTIVE"


def test_a_removed_device_leaves_its_slot_to_another(stage: Stage, owned: Owned) -> None:
    _, second, _ = filled(stage, owned)
    device_id = owned.devices()[1]["device_id"]
    expect(owned.buyer.remove(owned.license_id, device_id), 200)
    assert second.refresh(owned.license_id).error_code == "DEVICE_NOT_ACTIVE"
    expect(another(stage).restore(license_key=owned.key), 200)


def test_a_claim_secret_buys_one_device(stage: Stage, owned: Owned) -> None:
    copy = Buyer(stage.stack.urls, owned.buyer.idempotency_key, owned.buyer.claim_secret)
    refused = copy.claim(owned.order["order_id"])
    assert (refused.status, refused.error_code) == (409, "CLAIM_SECRET_USED")
    assert "lease" not in json.dumps(refused.value)
    assert token(expect(owned.buyer.claim(owned.order["order_id"]), 200)) == (
        owned.license["lease"]["token"])


def test_after_a_refund_no_device_gets_a_lease(stage: Stage, owned: Owned) -> None:
    second = another(stage)
    expect(second.restore(license_key=owned.key), 200)
    operate(stage, "refund", order=owned.order["order_id"], key="refund-e2e-1")
    assert owned.buyer.refresh(owned.license_id).error_code == "LICENSE_SUSPENDED"
    for _ in range(10):
        stage.next_minute()
        stage.stack.wechatpay.deliver_due_notifies()
        if owned.buyer.refresh(owned.license_id).error_code == "LICENSE_REVOKED":
            break
    for device in (owned.buyer, second):
        refused = device.refresh(owned.license_id)
        assert (refused.status, refused.error_code) == (403, "LICENSE_REVOKED")
    assert another(stage).restore(license_key=owned.key).error_code == "LICENSE_REVOKED"


def operate(stage: Stage, act: str, **fields: str) -> None:
    event = json.dumps({"act": act, "actor": "ann", **fields}).encode()
    done = stage.stack.functions.invoke(stage.stack.names["admin"], event)
    assert "ok" in json.loads(done.payload), done.payload


def over_http(stage: Stage, base_url: str | None = None) -> Client:
    """A client whose proofs are made by other code, for what it believes the address to be."""
    true_url = stage.stack.urls["license-fetch"]

    def send(method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(true_url).netloc, timeout=30)
        try:
            connection.request(method, path, body, dict(headers))
            with connection.getresponse() as answer:
                return Reply(answer.status, json.loads(answer.read()), dict(answer.getheaders()))
        finally:
            connection.close()
    return Client(OtherDevice(), base_url or true_url, send)


@pytest.mark.parametrize("address", [
    "https://evil.example", "http://127.0.0.1:1", "http://localhost", "https://127.0.0.1.evil"])
def test_a_proof_for_another_host_is_refused(stage: Stage, owned: Owned, address: str) -> None:
    misled = over_http(stage, address)
    assert misled.restore(license_key=owned.key).code == "DEVICE_PROOF_INVALID"
    assert len(owned.devices()) == 1
    honest = Client(misled.device, stage.stack.urls["license-fetch"], misled.send)
    assert honest.restore(license_key=owned.key).status == 200


@pytest.mark.parametrize("changes", [
    {"htm": "GET"}, {"bth": "A" * 43}, {"bth": None}, {"jti": None}, {"iat": "now"},
    {"ath": "A" * 43}], ids=str)
def test_a_proof_of_another_request_is_refused(
        stage: Stage, owned: Owned, changes: dict[str, Any]) -> None:
    client = over_http(stage)
    body = json.dumps({"license_key": owned.key}).encode()
    client.once("POST", "/v1/licenses/restore", body)  # for the nonce
    refused = client.once("POST", "/v1/licenses/restore", body, **changes)
    assert (refused.status, refused.code) == (401, "DEVICE_PROOF_INVALID")
    assert client.once("POST", "/v1/licenses/restore", body).status == 200


def test_a_proof_without_our_nonce_is_told_the_one_to_use(stage: Stage, owned: Owned) -> None:
    client = over_http(stage)
    body = json.dumps({"license_key": owned.key}).encode()
    stale = client.once("POST", "/v1/licenses/restore", body)
    assert (stale.status, stale.code) == (401, "DEVICE_PROOF_STALE")
    assert client.once("POST", "/v1/licenses/restore", body).status == 200
    stage.clock.advance_to(stage.now_s() + 600)
    assert client.once("POST", "/v1/licenses/restore", body).code == "DEVICE_PROOF_STALE"
    assert client.once("POST", "/v1/licenses/restore", body).status == 200

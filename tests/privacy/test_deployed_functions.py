"""The deployed functions over real sockets: a real openid, addresses, secrets, proofs and tokens
go in and out, and none of them is in a row or a line of the log afterwards.
"""

from __future__ import annotations

import base64
import io
import json
import time
from contextlib import redirect_stdout
from typing import Any, NamedTuple

import pytest

from emulators.fc import FakeContext, http_event
from emulators.wechatpay import Account
from scripts.auditing import live
from tests.privacy.declared import LEASE, RECEIPT
from tests.privacy.looking import claims_wrong, lines_wrong, tables_wrong
from tests.wire.deployment import LICENSE_SECRET, Buyer, Deployment
from tests.wire.device import Device, Reply

OPENID, PHONE, ADDRESS = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "13912345678", "203.0.113.77"
COMPLAINT = "\u6211\u662f\u674e\u96f7\uff0c\u8bf7\u9000\u6b3e"
ANSWER = "Dear Li Lei, we look into it."
PEPPER = "pepper-of-this-test-0123456789abcdef"


class Watched(Deployment):
    """Every request comes from one address, and what goes in and out is kept."""

    def __init__(self, account: Account) -> None:
        super().__init__(account, TONGBAO_PAYER_PEPPER=PEPPER,
                         TONGBAO_NOTIFY_URL="https://shop.example/v1/notify/wechatpay")
        self.secrets: list[str] = []
        self.answers: list[Any] = []

    def call(self, function: str, method: str, target: str, headers: list[tuple[str, str]],
             body: bytes = b"") -> Reply:
        """See the class above."""
        self.secrets += [value.removeprefix("Bearer ") for name, value in headers
                         if name in ("Authorization", "DPoP", "Idempotency-Key")]
        answer = self.apps[function](http_event(
            method, target, [*headers, ("X-Forwarded-For", ADDRESS)], body, source_ip=ADDRESS),
            FakeContext())
        text = answer["body"]
        document = json.loads(text) if text else None
        self.answers.append(document)
        return Reply(answer["statusCode"], document, answer["headers"])


class Left(NamedTuple):
    """What is there when all is over; `known` is what must be in none of it."""

    rows: dict[str, list[dict[str, Any]]]
    lines: list[str]
    leases: list[str]
    receipts: list[str]
    known: list[str]


@pytest.fixture(scope="module")
def left() -> Left:
    """Two purchases with all that can become of them."""
    told = io.StringIO()
    # The functions take hold of standard output when they are built.
    with redirect_stdout(told), Watched(Account.create()) as shop:
        shop.notifies_arrive = True
        leases, receipts, keys = _live(shop)
        rows = live.read_tables(live.connect(shop.environ))
    return Left(rows, told.getvalue().splitlines(), leases, receipts, [
        *shop.secrets, *keys, *leases, *receipts, OPENID, PHONE, ADDRESS, COMPLAINT, ANSWER,
        PEPPER, LICENSE_SECRET])


def _live(shop: Watched) -> tuple[list[str], list[str], list[str]]:
    buyer, order = _buy(shop)
    _, refunded = _buy(shop)
    first = shop.claim(buyer, order["order_id"]).body["license"]
    more = [shop.client(Device()) for _ in range(3)]
    more[0].restore(order_number=order["out_trade_no"].lower())
    more[1].restore(license_key=first["license_key"])
    full = more[2].restore(license_key=first["license_key"])
    assert full.code == "DEVICE_LIMIT_REACHED"
    more[2].restore(license_key=first["license_key"],
                    replaces=full.body["error"]["details"]["devices"][1]["device_id"])
    own = shop.client(buyer.device)
    license_id = first["license_id"]
    own.refresh(license_id)
    own.devices(license_id)
    _fail(shop, buyer, order, license_id)
    receipt = shop.call("license-fetch", "GET", f"/v1/orders/{order['order_id']}/license",
                        [("Authorization", f"Bearer {buyer.secret}")]).body
    _settle(shop, order, refunded)
    key = first["license_key"]
    return [first["lease"]["token"]], [receipt["purchase"]["receipt"]], [
        key, key.replace("-", "")]


def _buy(shop: Watched) -> tuple[Buyer, dict[str, Any]]:
    buyer = Buyer.fresh()
    order: dict[str, Any] = shop.order(buyer).body["order"]
    shop.wechat.pay(out_trade_no=order["out_trade_no"], payer_openid=OPENID)
    shop.wechat.deliver_due_notifies()
    assert shop.poll(buyer, order["order_id"]).body["order"]["status"] == "paid"
    return buyer, order


def _fail(shop: Watched, buyer: Buyer, order: dict[str, Any], license_id: str) -> None:
    """Requests that are refused are told of in the log as well."""
    stranger = shop.client(Device())
    assert stranger.claim(order["order_id"], "another-secret-" * 3).status == 404
    assert stranger.claim(order["order_id"], buyer.secret).code == "CLAIM_SECRET_USED"
    assert stranger.refresh(license_id).code == "DEVICE_NOT_ACTIVE"
    assert stranger.restore(license_key="TB1-AAAAA-AAAAA-AAAAA-AAAAA").status == 400
    assert stranger.once("POST", f"/v1/licenses/{license_id}/lease", b"",
                         htm="GET").code == "DEVICE_PROOF_INVALID"
    shop.call("notify", "POST", "/v1/notify/wechatpay", [], OPENID.encode())


def _settle(shop: Watched, order: dict[str, Any], refunded: dict[str, Any]) -> None:
    """Refund one order, hear and answer a complaint about the other, and run all timers."""
    shop.operate("refund", order=refunded["order_id"], key="key-of-a-wish-0123456789")
    complaint = shop.wechat.complain(out_trade_no=order["out_trade_no"], detail=COMPLAINT,
                                     payer_phone=PHONE)
    shop.wechat.deliver_due_notifies()
    shop.timer("complaints")
    shop.operate("complaint", complaint_id=complaint.complaint_id)
    shop.operate("answer", complaint_id=complaint.complaint_id, text=ANSWER)
    for bought in (order, refunded):
        shop.make_due(bought["order_id"])
    shop.timer("due")
    shop.timer("keys")
    shop.operate("export", order=order["order_id"])
    shop.operate("order", order=order["order_id"])


def test_the_rows_hold_nothing_personal_and_no_secret(left: Left) -> None:
    assert len(left.known) > 30
    assert {table for table, rows in left.rows.items() if rows} >= {
        "orders", "licenses", "complaints", "due", "ledger"}
    assert tables_wrong(left.rows, left.known) == []


def test_the_payer_is_there_as_a_hash_alone(left: Left) -> None:
    hashes = {row["payment_payer_hash"] for row in left.rows["orders"]}
    assert len(hashes) == 1
    assert tables_wrong({"orders": [dict(left.rows["orders"][0], payment_payer_hash=OPENID)]},
                        []) == ["orders.payment_payer_hash has not the form that is declared",
                                "orders.payment_payer_hash holds an openid"]


def test_the_log_holds_nothing_personal_and_no_secret(left: Left) -> None:
    facts = {json.loads(line)["fact"] for line in left.lines}
    assert {"request.refused", "wechatpay.called", "notify.accepted", "notify.refused",
            "license.leased", "admin.acted", "complaint.answered", "timer.done"} <= facts
    assert lines_wrong(left.lines, left.known) == []


def test_the_tokens_say_nothing_personal(left: Left) -> None:
    for tokens, form in ((left.leases, LEASE), (left.receipts, RECEIPT)):
        assert tokens
        for token in tokens:
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            assert claims["iat"] <= time.time()
            known = [one for one in left.known if one not in tokens]
            assert claims_wrong(claims, form, known) == []

"""The purchase that the demo shows: from nothing to a lease verified offline, step by step."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.columns import Columns
from rich.text import Text

from scripts.demo_purchase.buyer import Buyer, PurchaseFailed, expect
from scripts.demo_purchase.hops import NOTIFY, TABLESTORE, WECHAT_PAY
from scripts.demo_purchase.lease import VerifiedLease, verify_keys, verify_lease
from scripts.demo_purchase.stack import run_stack
from scripts.demo_purchase.timeline import draw_qr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.state import State
    from scripts.demo_purchase.timeline import Step, Timeline

HEADER_MEANINGS = {"alg": "how it is signed (RFC 8032)", "kid": "which key signed it",
                   "typ": "no other token is taken for a lease"}
CLAIM_MEANINGS = {
    "aud": "for which product", "cnf": "for which device (RFC 7800)", "ent": "what it unlocks",
    "env": "no real money", "exp": "this lease ends", "grc": "seconds of grace after that",
    "iat": "counted from", "iss": "who signed", "jti": "the lease's id", "lexp": "the license ends",
    "nbf": "this lease begins", "sub": "the license's id", "v": "version of these claims"}
TIMES = ("exp", "iat", "lexp", "nbf")
NOTIFY_TIMEOUT_S = 30.0
LOOKS, LOOK_EVERY_S = 15, 1.0


class Bought(NamedTuple):
    """A purchase that is done: `license` as license-fetch answered, `lease` as it was verified."""

    buyer: Buyer
    order: dict[str, Any]
    license: dict[str, Any]
    lease: VerifiedLease


class Purchase:
    """One purchase over a running stack, told to a timeline."""

    def __init__(self, stack: Stack, timeline: Timeline) -> None:
        self._stack = stack
        self._timeline = timeline
        self._buyer = Buyer(stack.urls)
        self._began = time.perf_counter()

    def run(self) -> Bought:
        """Buy the first product; raises PurchaseFailed or InvalidLease."""
        first_hop = self._stack.hops.count()
        product = self._choose()
        self._secrets()
        order = self._place(product["product_id"])
        self._pay(order)
        self._notified()
        self._look(order["order_id"])
        license_ = self._claim(order["order_id"])
        verified = self._verify(license_["lease"]["token"], product["product_id"])
        self._sum_up(first_hop)
        return Bought(self._buyer, order, license_, verified)

    def _choose(self) -> dict[str, Any]:
        with self._timeline.step(
                "GET /v1/products → create-order", "What is for sale. The price is the shop's; "
                "no client ever sends one.") as (step, _):
            answered = self._buyer.products()
            products = expect(answered, 200)["products"]
            step.took_ms = answered.took_ms
            for product in products:
                price = product["prices"][0]
                step.fact(product["product_id"], f"{product['titles']['en']}, "
                          f"{price['amount_minor'] / 100:.2f} {price['currency']}; "
                          f"{_refund_terms(product['refund_policy'])}")
            step.show(_cold_start_note(self._stack, "create-order"))
        chosen: dict[str, Any] = products[0]
        return chosen

    def _secrets(self) -> None:
        with self._timeline.step(
                "The buyer's browser makes two secrets and a key", "Idempotency-Key: the same "
                "order however often the request is repeated. Claim secret: only its SHA-256 "
                "leaves the browser before payment. The key (P-256) never leaves it: what is "
                "bought works on this device, and a copy of it nowhere.") as (step, _):
            step.fact("claim_secret_hash", self._buyer.claim_secret_hash)
            step.fact("device", self._buyer.device.thumbprint)
            self._timeline.knew("the browser", "its secrets and its key: nobody else ever does")

    def _place(self, product_id: str) -> dict[str, Any]:
        with self._timeline.step(
                "POST /v1/orders → create-order", "The order is durable in Tablestore before "
                "WeChat Pay hears of it; then WeChat's Native API gives a code_url, which the "
                "order keeps.") as (step, _):
            before = self._stack.hops.count()
            answered = self._buyer.place(product_id)
            order: dict[str, Any] = expect(answered, 200)["order"]
            if order["payment"] is None:
                raise PurchaseFailed(f"an order without payment: {order['status']}")
            step.took_ms = answered.took_ms
            step.hops(self._stack.hops.since(before))
            self._timeline.knew("create-order", "the order, and the hash of the claim secret")
            step.fact("out_trade_no", order["out_trade_no"])
            step.fact("code_url", order["payment"]["value"])
            step.show(Text(" "))
            step.show(Columns([draw_qr(order["payment"]["value"]), Text(
                "\n\nThe buyer sees this code.\n\nTo WeChat's camera it says\nwhom to pay and "
                "how much.\n\nThe shop page shows the\nsame, with a countdown.", style="dim")]))
        return order

    def _pay(self, order: dict[str, Any]) -> None:
        with self._timeline.step(
                "A WeChat user scans and pays", "Simulated: the phone belongs to the WeChat Pay "
                "emulator. From here on the buyer could close the page and lose nothing."
                ) as (step, _):
            transaction_id = self._stack.wechatpay.pay(order["payment"]["value"])
            self._timeline.knew("WeChat Pay", "that it is paid, and by whom: we never ask")
            step.fact("transaction_id", transaction_id)

    def _notified(self) -> None:
        with self._timeline.step(
                "WeChat Pay → POST /v1/notify/wechatpay", "Signed with RSA, its content encrypted "
                "with AES-256-GCM. The function verifies, books the payment in one conditional "
                "write, and only then answers 200; anything else and WeChat sends it again."
                ) as (step, doing):
            doing("waiting for the notify")
            hop = self._stack.hops.wait_for(
                lambda hop: hop.service == NOTIFY and 200 <= hop.status < 300, NOTIFY_TIMEOUT_S)
            if hop is None:
                raise PurchaseFailed("no notify was accepted in time")
            step.took_ms = hop.took_ms
            step.hops([inner for inner in self._stack.hops.all()
                       if inner.service == TABLESTORE
                       and hop.began_ms <= inner.began_ms <= hop.began_ms + hop.took_ms])
            self._timeline.knew("notify", "that it is paid: verified, and booked once")
            step.fact("answer", str(hop.status), "green")
            step.show(_cold_start_note(self._stack, "notify"))

    def _look(self, order_id: str) -> None:
        with self._timeline.step(
                "GET /v1/orders/{order_id} → license-fetch", "The page polls. Had the notify been "
                "lost, this call would have asked WeChat Pay itself.") as (step, doing):
            for _ in range(LOOKS):
                before = self._stack.hops.count()
                answered = self._buyer.look(order_id)
                order = expect(answered, 200)["order"]
                if order["status"] == "paid":
                    break
                doing(f"the order is {order['status']}")
                time.sleep(LOOK_EVERY_S)
            else:
                raise PurchaseFailed(f"the order stayed {order['status']}")
            step.took_ms = answered.took_ms
            step.hops(self._stack.hops.since(before))
            step.fact("status", order["status"], "green")
            step.show(_cold_start_note(self._stack, "license-fetch"))

    def _claim(self, order_id: str) -> dict[str, Any]:
        with self._timeline.step(
                "POST /v1/licenses/claim → license-fetch", "With the claim secret, and a proof by "
                "the device's key for just this request (RFC 9449). The device gets its slot in "
                "the write that makes the license, and a lease bound to its key: 3 days and 14 of "
                "grace at first, 14 and 7 after a week. Asking again gives the same bytes."
                ) as (step, _):
            before = self._stack.hops.count()
            answered = self._buyer.claim(order_id)
            license_: dict[str, Any] = expect(answered, 200)["license"]
            step.took_ms = answered.took_ms
            step.hops(self._stack.hops.since(before))
            token = license_["lease"]["token"]
            if expect(self._buyer.claim(order_id), 200)["license"]["lease"]["token"] != token:
                raise PurchaseFailed("claiming twice gave two leases")
            step.fact("lease", _shortened(token))
            step.fact("claimed again", "the same bytes", "green")
            step.fact("license key", f"{license_['license_key']}  (derived, stored nowhere)")
            self._timeline.knew("license-fetch", "the first device, and until when what it holds "
                                "is good")
        return license_

    def _verify(self, token: str, product_id: str) -> VerifiedLease:
        text = expect(self._buyer.keys(), 200)["set"]
        with self._timeline.step(
                "The lease is verified offline", "By code that shares nothing with the functions. "
                "The client was shipped with two roots; one of them signed the set of keys, a key "
                "of the set signed the lease, and the lease names this device. No network, no "
                "server to trust.") as (step, _):
            trust = verify_keys(text, self._stack.state.keys.pinned, now_s=time.time())
            verified = verify_lease(token, trust, product_id=product_id, now_s=time.time(),
                                    thumbprint=self._buyer.device.thumbprint)
            step.fact("set of keys", f"seq {trust.seq}: " + ", ".join(
                f"{kid} {key['status']}" for kid, key in trust.keys.items()))
            step.table("header", [(name, json.dumps(value), HEADER_MEANINGS.get(name, ""))
                                  for name, value in verified.header.items()])
            step.table("claims", [(name, _short(value), _meaning(name, value))
                                  for name, value in verified.claims.items()])
            _show_verdict(step, verified)
            self._timeline.knew("the device", "all that it needs for 17 days without a network")
        return verified

    def _sum_up(self, first_hop: int) -> None:
        hops = self._stack.hops.since(first_hop)
        count = {service: sum(hop.service == service for hop in hops)
                 for service in (TABLESTORE, WECHAT_PAY, NOTIFY)}
        self._timeline.summary([
            ("requests to Tablestore", str(count[TABLESTORE])),
            ("requests to WeChat Pay", str(count[WECHAT_PAY])),
            ("notifies from WeChat Pay", str(count[NOTIFY])),
            ("the whole purchase", f"{time.perf_counter() - self._began:.1f} s, "
             "cold starts of all three functions included")])


@contextmanager
def shown_stack(state: State, timeline: Timeline) -> Iterator[Stack]:
    """The stack, its start being the timeline's first step."""
    with ExitStack() as exits:
        with timeline.step(
                "Start the cloud", "Tablestore keeps the orders, WeChat Pay takes the money, "
                "Function Compute runs our code when somebody asks.") as (step, doing):
            stack = exits.enter_context(run_stack(state, tell=doing))
            _show_addresses(step, stack)
        yield stack


def _show_addresses(step: Step, stack: Stack) -> None:
    step.fact("Tablestore", stack.tablestore_url)
    step.fact("WeChat Pay", stack.wechatpay_url)
    for name, url in stack.urls.items():
        step.fact(name, url)
    step.fact("deployed from", "s.yaml, rendered by Serverless Devs" if stack.rendered
              else "the demo's own list, for Node is missing here")
    step.fact("tables", f"created {', '.join(stack.tables)}" if stack.tables
              else "all there from an earlier run")


def _cold_start_note(stack: Stack, function: str) -> Text:
    cold_ms = stack.functions.instances(stack.names[function]).cold_starts_ms
    return Text(f"of which cold start of {function}: {sum(cold_ms):.0f} ms", style="dim")


def _show_verdict(step: Step, verified: VerifiedLease) -> None:
    claims = verified.claims
    ends = "for ever" if claims["lexp"] is None else f"until {_day(claims['lexp'])}"
    step.show(Text.assemble(
        ("verified offline ✓ ", "bold green"), (f"unlocks {', '.join(claims['ent'])} {ends}; "
         f"this lease is good until {_day(claims['exp'])}, and in "
         f"grace until {_day(claims['exp'] + claims['grc'])}", "green")))


def _refund_terms(policy: dict[str, Any] | None) -> str:
    """A refund policy as a buyer reads it before paying."""
    if policy is None:
        return "no refund without asking"
    condition = " if never activated" if policy["only_if_never_activated"] else ""
    return f"money back for {policy['window_days']} days{condition}"


def _shortened(token: str) -> str:
    parts = token.split(".")
    return f"{'.'.join(part[:16] + '…' for part in parts)}  ({len(token)} characters)"


def _short(value: Any) -> str:
    """As JSON; a thumbprint is long, and shown in full above."""
    if isinstance(value, dict):
        return json.dumps({name: f"{part[:8]}…" for name, part in value.items()},
                          ensure_ascii=False)
    return json.dumps(value)


def _meaning(name: str, value: Any) -> str:
    meaning = CLAIM_MEANINGS.get(name, "")
    return f"{meaning}: {_day(value)}" if name in TIMES and value is not None else meaning


def _day(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%d")


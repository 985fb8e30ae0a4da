"""A deployment with a watch on everything that an attack could reach.

The functions are built by bootstrap over real sockets and real cryptography (tests/wire). What is
watched: requests to the store and to WeChat, the log, the answer, and the text of every exception
that a handler raised, causes and arguments included.
"""

from __future__ import annotations

import io
import json
import secrets
import traceback
from base64 import b64encode
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from emulators.fc import FakeContext
from shared import bootstrap
from shared.settings import VARIABLES, Settings, load_settings
from tests.attacks.asking import JSON, Asking
from tests.attacks.notifies import Notify
from tests.wire.deployment import KEY_SECRET, Buyer, Deployment, create_order
from tests.wire.deployment import license_fetch as license_fetch_index
from tests.wire.deployment import notify as notify_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulators.wechatpay import Account
    from shared.domain.order import Order
    from shared.http.app import App
    from shared.http.request import Answer, Request

WRITES = {"PutRow", "UpdateRow", "DeleteRow", "BatchWriteRow", "StartLocalTransaction",
          "CommitTransaction"}
SECRETS = [VARIABLES[field].name for field, kind in Settings.__annotations__.items()
           if kind == "Secret"]
"""The settings that hide their values; a deployment under test sets all of them."""
BUILDERS: dict[str, tuple[Callable[..., App], Callable[..., Any]]] = {
    "create-order": (bootstrap.build_create_order, create_order.routes),
    "notify": (bootstrap.build_notify, notify_index.routes),
    "license-fetch": (bootstrap.build_license_fetch, license_fetch_index.routes)}


@dataclass(frozen=True)
class Seen:
    """One answer, and all that was done to give it."""

    status: int
    headers: dict[str, str]
    text: str
    store: tuple[str, ...]
    """The APIs asked of Tablestore."""
    written: frozenset[str]
    """The tables to which something was sent to be written."""
    calls: int
    """How many requests reached WeChat."""
    log: str
    raised: str

    @property
    def body(self) -> Any:
        """The answer's JSON."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The error's code, in our form or in WeChat's."""
        return str(self.body["error"]["code"] if "error" in self.body else self.body["message"])

    def facts(self, name: str) -> list[dict[str, Any]]:
        """The log lines of this name."""
        return [fact for fact in map(json.loads, self.log.splitlines()) if fact["fact"] == name]


@dataclass(frozen=True)
class Purchase:
    """One buyer's order, placed."""

    buyer: Buyer
    order_id: str
    out_trade_no: str
    code_url: str


class Shop(Deployment):
    """A deployment, its sinks, and the texts that must not be in any of them."""

    def __init__(self, account: Account, **settings: str) -> None:
        super().__init__(account, **settings, TONGBAO_PAYER_PEPPER=secrets.token_urlsafe(32))
        self.log = io.StringIO()
        self.raised: list[str] = []
        self.private: set[str] = set()
        """What belongs to buyers: not for the log, nor for exceptions."""

    def __enter__(self) -> Shop:
        with redirect_stdout(self.log):
            super().__enter__()
        self.apps = {name: self.build(name) for name in BUILDERS}
        self._nonces = load_settings(self.environ, "license-fetch").nonce_secret()
        return self

    def build(self, function: str, **environ: str) -> App:
        """A function as bootstrap builds it, with these settings changed, and watched."""
        builder, routes = BUILDERS[function]
        with redirect_stdout(self.log):
            app = builder(routes, {**self.environ, **environ})
        return replace(app, routes=[
            route._replace(handle=self._telling(route.handle)) for route in app.routes])

    def _telling(self, handle: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        def told(request: Request) -> Answer:
            try:
                return handle(request)
            except Exception as error:
                self.raised.append("".join(traceback.format_exception(error))
                                   + repr(vars(error)) + repr(error.args))
                raise
        return told

    def secrets(self) -> dict[str, str]:
        """Every secret setting's value, in the pieces that would be told, by a name to show."""
        found = {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET}
        for name in SECRETS:
            value = self.environ[name]
            lines = json.loads(value).values() if value.startswith("{") else value.splitlines()
            found.update({f"{name} ({number})": line for number, line in enumerate(lines)
                          if "-----" not in line})
        return {**found, "the secret of nonces": self._nonces.hex(),
                "the secret of nonces as base64": b64encode(self._nonces).decode().rstrip("=")}

    def fire(self, function: str, event: bytes, app: App | None = None) -> Seen:
        """One event through one function; what was seen holds to the rules for every sink."""
        def run() -> tuple[int, dict[str, str], str]:
            answer = (app or self.apps[function])(event, FakeContext())
            return answer["statusCode"], answer["headers"], answer["body"]
        return self._watched(run)

    def fire_admin(self, event: bytes) -> Seen:
        """One call of admin, which answers without a status: 200 stands for "ok"."""
        def run() -> tuple[int, dict[str, str], str]:
            answer = self.admin(event, FakeContext())
            return 200 if "ok" in answer else 400, {}, json.dumps(answer)
        return self._watched(run)

    def _watched(self, run: Callable[[], tuple[int, dict[str, str], str]]) -> Seen:
        self.store.clear_requests()
        calls, logged, self.raised[:] = len(self.wechat.requests), self.log.tell(), []
        answer = run()
        self.log.seek(logged)
        seen = Seen(*answer,
                    tuple(request.api for request in self.store.requests),
                    frozenset(table for request in self.store.requests
                              if request.api in WRITES for table in request.tables),
                    len(self.wechat.requests) - calls, self.log.read(), "\n".join(self.raised))
        self.check_sinks(seen)
        return seen

    def check_sinks(self, seen: Seen) -> None:
        """One line of plain JSON per fact; no secret anywhere; nothing of a buyer in the log."""
        for line in seen.log.splitlines():
            assert isinstance(json.loads(line), dict)
        assert all(" " <= symbol <= "~" or symbol == "\n" for symbol in seen.log)
        everywhere = "\n".join((seen.text, repr(seen.headers), seen.log, seen.raised))
        leaked = [name for name, value in self.secrets().items() if value in everywhere]
        assert leaked == []
        assert not [text for text in self.private if text in seen.log + seen.raised]

    def tell(self, notify: Notify, app: App | None = None) -> Seen:
        """Send a notify."""
        return self.fire("notify", notify.event(), app)

    def ask(self, asking: Asking, app: App | None = None) -> Seen:
        """Send a buyer's request; its device gets a nonce before its first one."""
        if asking.device is not None and asking.device.nonce is None:
            asked = self.apps["license-fetch"](
                Asking("license-fetch", "POST", "/v1/licenses/claim", {"Content-Type": JSON},
                       {"order_id": "0"}).event(), FakeContext())
            asking.device.nonce = asked["headers"]["DPoP-Nonce"]
        event = asking.event()
        self.private.update(filter(None, [json.loads(event)["headers"].get("Dpop")]))
        seen = self.fire(asking.function, event, app)
        self.private |= _unlocking(seen)
        self.check_sinks(seen)
        return seen

    def purchase(self, *, paid: bool = True) -> Purchase:
        """An order at WeChat, paid there by default; nobody has told us of the payment."""
        buyer = Buyer.fresh()
        self.private |= {buyer.key, buyer.secret}
        order = self.ask(Asking.place(buyer)).body["order"]
        bought = Purchase(buyer, order["order_id"], order["out_trade_no"],
                          order["payment"]["value"])
        self.private.add(bought.out_trade_no)
        if paid:
            self.wechat.pay(bought.code_url)
        return bought

    def notify_of(self, bought: Purchase) -> Notify:
        """The genuine notify of this order, to be sent now."""
        order = self.wechat.orders[bought.out_trade_no]
        notify = Notify.genuine(self.wechat, order)
        self.private |= {notify.document["transaction_id"], notify.document["payer"]["openid"]}
        return notify

    def stored(self, bought: Purchase) -> Order:
        """The order as it is stored."""
        order = self.orders().load(bought.order_id)
        assert order is not None
        return order

    def is_paid(self, bought: Purchase) -> bool:
        """Whether a payment is booked on it."""
        return self.stored(bought).payment is not None

    def age(self, license_id: str, days: float) -> None:
        """As if these days had passed for the license's devices and the request that waits."""
        license_ = self.licenses().load(license_id)
        assert license_ is not None
        less_s, takeover = int(86_400 * days), license_.takeover
        self.licenses().save(replace(
            license_, version=license_.version + 1,
            takeover=takeover and replace(takeover, asked_at_s=takeover.asked_at_s - less_s),
            devices=tuple(replace(device, activated_at_s=device.activated_at_s - less_s)
                          for device in license_.devices)))

    def make_query_due(self, bought: Purchase) -> None:
        """As if some seconds had passed: the next poll may ask WeChat."""
        order = self.stored(bought)
        self.orders().save(replace(order, next_query_at_s=0, version=order.version + 1))


def _unlocking(seen: Seen) -> set[str]:
    """What an answer hands over that is only for its device: the lease and the license key."""
    told = seen.body.get("license") if seen.text else None
    if told is None:
        return set()
    key = told["license_key"]
    return {text for text in (told["lease"]["token"], key, key and key.replace("-", "")) if text}

"""A whole deployment in one process: the functions as bootstrap builds them, over real sockets.

The storage SDK, the transport and all cryptography are the deployed ones; Tablestore and WeChat
Pay are the emulators behind loopback HTTP. Only Function Compute is left out: handlers are
called with the event bytes that its emulator makes.
"""

from __future__ import annotations

import json
import secrets
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from emulators.fc import FakeContext, http_event, timer_event
from emulators.tablestore import TablestoreEmulator
from emulators.wechatpay import WeChatPayEmulator
from functions.admin import index as admin
from functions.create_order import index as create_order
from functions.license_fetch import index as license_fetch
from functions.notify import index as notify
from functions.timers import index as timers
from scripts.keyring import key_set, steps
from scripts.keyring.private_keys import SigningKey, make_root, make_signing_key
from shared import bootstrap
from shared.adapters.system import SystemClock
from shared.adapters.tablestore.attempts import Attempts
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.adapters.tablestore.credentials import EnvironmentCredentials
from shared.adapters.tablestore.licenses import TablestoreLicenses
from shared.adapters.tablestore.orders import TablestoreOrders
from shared.adapters.tablestore.row_store import RowStore
from shared.adapters.tablestore.tables import ORDERS, create_tables
from shared.adapters.tablestore.work_list import TablestoreWorkList
from shared.deadline import Deadline
from shared.domain.due import Work
from tests.wire.device import JSON, Client, Device, Reply, digest

if TYPE_CHECKING:
    from emulators.wechatpay import Account
    from shared.http.app import App

KEY_ID, KEY_SECRET, INSTANCE = "test-key-id", "test-key-secret", "tongbao-test"
PREFIX, ENVIRONMENT = "TB01", "test"
ADDRESS = "https://tongbao-emulated.cn-hangzhou.fcapp.run"
"""Where events say that they came in, by default (emulators.fc)."""
LICENSE_SECRET = "test-secret-of-license-keys-000001"


@dataclass(frozen=True)
class Buyer:
    """One buyer's client: its idempotency key, claim secret, and the device that it runs on."""

    key: str
    secret: str
    device: Device = field(default_factory=Device, compare=False)

    @staticmethod
    def fresh() -> Buyer:
        """With new random bits."""
        return Buyer(secrets.token_urlsafe(24), secrets.token_urlsafe(32))

    @property
    def secret_hash(self) -> str:
        """What the server may know of the secret."""
        return digest(self.secret.encode())


class Deployment:
    """Emulators, tables and all functions. A context manager.

    WeChat's clock is the machine's, moved by `wechat_offset_s`; what it sends by itself arrives
    while `notifies_arrive`. A subclass may bring another `tablestore`.
    """

    tablestore: type[TablestoreEmulator] = TablestoreEmulator

    def __init__(self, account: Account, **settings: str) -> None:
        self.account = account
        self.root = make_root()
        self.signing = make_signing_key("test-1")
        self.wechat_offset_s = 0
        self.notifies_arrive = False
        self.buckets = 16
        self._settings = settings
        self._open = ExitStack()

    def __enter__(self) -> Deployment:
        self.store = self.tablestore(
            access_key_id=KEY_ID, access_key_secret=KEY_SECRET, instance=INSTANCE)
        self._open.callback(self.store.close)
        self.endpoint = self._open.enter_context(self.store.serve()).endpoint
        self.wechat = self._open.enter_context(
            WeChatPayEmulator(self.account, lambda: time.time() + self.wechat_offset_s,
                              self._post_notify))
        self._wechat_url = self._open.enter_context(self.wechat.serve()).base_url
        self.environ = self._environ()
        self.books_store = self._row_store()
        self.apps: dict[str, App] = {
            "create-order": bootstrap.build_create_order(create_order.routes, self.environ),
            "notify": bootstrap.build_notify(notify.routes, self.environ),
            "license-fetch": bootstrap.build_license_fetch(license_fetch.routes, self.environ)}
        self.timers = bootstrap.build_timers(timers.jobs, self.environ)
        self.admin = bootstrap.build_admin(admin.acts, self.environ)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def call(self, function: str, method: str, target: str, headers: list[tuple[str, str]],
             body: bytes = b"") -> Reply:
        """One event through one function."""
        answer = self.apps[function](http_event(method, target, headers, body), FakeContext())
        text = answer["body"]
        return Reply(answer["statusCode"], json.loads(text) if text else None, answer["headers"])

    def client(self, device: Device) -> Client:
        """A device that calls license-fetch."""
        return Client(device, ADDRESS, partial(self.call, "license-fetch"))

    def order(self, buyer: Buyer) -> Reply:
        """POST /v1/orders."""
        body = {"product_id": "reader-pro", "claim_secret_hash": buyer.secret_hash}
        return self.call("create-order", "POST", "/v1/orders",
                         [JSON, ("Idempotency-Key", buyer.key)], json.dumps(body).encode())

    def poll(self, buyer: Buyer, order_id: str) -> Reply:
        """GET /v1/orders/{order_id}; its nonce is for the claim that follows."""
        reply = self.call("license-fetch", "GET", f"/v1/orders/{order_id}",
                          [("Authorization", f"Bearer {buyer.secret}")])
        buyer.device.nonce = reply.headers.get("DPoP-Nonce", buyer.device.nonce)
        return reply

    def claim(self, buyer: Buyer, order_id: str) -> Reply:
        """POST /v1/licenses/claim, from the buyer's own device."""
        return self.client(buyer.device).claim(order_id, buyer.secret)

    def notify(self, out_trade_no: str) -> Reply:
        """A genuine notify of WeChat for this number, signed now."""
        headers, body = self.wechat.build_notify(out_trade_no)
        return self.call("notify", "POST", "/v1/notify/wechatpay", list(headers.items()), body)

    def timer(self, job: str) -> dict[str, Any]:
        """One firing of the timer with this payload; raises JobFailed."""
        return self.timers(timer_event("timer", job), FakeContext())

    def operate(self, act: str, actor: str = "ann", **fields: object) -> Any:
        """One act of an operator: what its answer holds under "ok"."""
        answer = self.admin(json.dumps({"act": act, "actor": actor, **fields}).encode(),
                            FakeContext())
        assert "ok" in answer, answer
        return answer["ok"]

    def make_due(self, subject_id: str, kind: str = "order") -> None:
        """Have the timer find this now, without waiting for its time."""
        self.work().add(Work(kind, subject_id, int(time.time())))

    def lose_order(self, order_id: str) -> None:
        """Remove an order's row, as no function can: what WeChat knows fits nothing then."""
        self.books_store.delete(ORDERS.row(order_id))

    def work(self) -> TablestoreWorkList:
        """The work list, for looking at."""
        return TablestoreWorkList(self.books_store, buckets=self.buckets)

    def orders(self) -> TablestoreOrders:
        """The stored orders, for looking at."""
        return TablestoreOrders(self.books_store)

    def licenses(self) -> TablestoreLicenses:
        """The stored licenses, for looking at."""
        return TablestoreLicenses(self.books_store)

    def _post_notify(self, url: str, headers: dict[str, str], body: bytes) -> int:
        if not self.notifies_arrive:
            return 503
        return self.call("notify", "POST", "/v1/notify/wechatpay", list(headers.items()),
                         body).status

    def keys_of(self, *keys: SigningKey, seq: int = 1, days: int = steps.SET_DAYS,
                age_days: int = 0) -> str:
        """A key set of this deployment's root, signed some days ago, with these keys active."""
        return key_set.sign(steps.new_set(
            issuer=f"tongbao:{PREFIX}", environment=ENVIRONMENT, days=days, seq=seq,
            now_s=int(time.time()) - steps.DAY_S * age_days,
            keys=[key.public for key in keys]), self.root)

    def _environ(self) -> dict[str, str]:
        account = self.account
        return {
            "TONGBAO_ENVIRONMENT": ENVIRONMENT, "TONGBAO_PREFIX": PREFIX,
            "TONGBAO_TABLESTORE_ENDPOINT": self.endpoint,
            "TONGBAO_TABLESTORE_INSTANCE": INSTANCE,
            "TONGBAO_NOTIFY_URL": "http://127.0.0.1:9/v1/notify/wechatpay",
            "TONGBAO_ORDERS_BURST": "100000", "TONGBAO_RESTORES_PER_MINUTE": "100000",
            "TONGBAO_LICENSE_SECRETS": json.dumps({"1": LICENSE_SECRET}),
            "TONGBAO_SIGNING_KID": self.signing.kid, "TONGBAO_SIGNING_KEY": self.signing.seed,
            "TONGBAO_KEY_SET": self.keys_of(self.signing),
            "WECHATPAY_MCHID": account.mchid, "WECHATPAY_APPID": account.appid,
            "WECHATPAY_BASE_URL": self._wechat_url,
            "WECHATPAY_MERCHANT_SERIAL": account.merchant_serial,
            "WECHATPAY_MERCHANT_KEY": account.merchant_private_key_pem,
            "WECHATPAY_PUBLIC_KEY_ID": account.public_key_id,
            "WECHATPAY_PUBLIC_KEY": account.wechatpay_public_key_pem,
            "WECHATPAY_API_V3_KEY": account.api_v3_key,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET, **self._settings}

    def _row_store(self) -> RowStore:
        clock = SystemClock()
        deadline = Deadline(clock, 600_000)
        client = TablestoreClient(Instance(self.endpoint, INSTANCE),
                                  EnvironmentCredentials(self.environ), deadline)
        create_tables(client, Attempts(clock, deadline, SystemRandom()))
        return RowStore(client, clock, deadline, SystemRandom())

"""The composition root: builds each function from its settings, once per instance.

Adapters are imported inside the builders, so that a function loads only what it uses, and the
builders run in Function Compute's initializer, before the first request.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared import settings as names
from shared.adapters.system import RANDOM, SystemClock, random_token
from shared.deadline import Deadline
from shared.http import fc_event
from shared.http.app import App
from shared.log import JsonLog
from shared.settings import Settings, load_settings
from shared.use_cases.record_payment import Books

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from shared.adapters.tablestore.credentials import AccessKey
    from shared.adapters.tablestore.row_store import RowStore
    from shared.adapters.wechatpay.gateway import WeChatNativeGateway
    from shared.adapters.wechatpay.transport import Transport

NOTIFY_BUDGET_MS = 3_800
"""WeChat waits 5 s for an answer (document 4012075420), a cold start and the way included."""
BUYER_BUDGET_MS = 8_000
CERTIFICATES = "SSL_CERT_FILE"

_apps: dict[str, App] = {}


def create_order_app(routes: Callable[..., Any]) -> App:
    """create-order, built at the first call."""
    return _once(names.CREATE_ORDER, build_create_order, routes)


def notify_app(routes: Callable[..., Any]) -> App:
    """notify, built at the first call."""
    return _once(names.NOTIFY, build_notify, routes)


def license_fetch_app(routes: Callable[..., Any]) -> App:
    """license-fetch, built at the first call."""
    return _once(names.LICENSE_FETCH, build_license_fetch, routes)


def build_create_order(routes: Callable[..., Any], environ: Mapping[str, str]) -> App:
    """create-order over this environment."""
    from shared.adapters.catalogue_file import load_catalogue
    from shared.http.source_bucket import SourceBucket
    from shared.use_cases.create_order import Shop

    ground = _Ground.lay(names.CREATE_ORDER, environ)
    settings = ground.settings
    shop = Shop(catalogue=load_catalogue(), gateway=ground.gateway(), books=ground.books(),
                prefix=settings.prefix, environment=settings.environment,
                order_lifetime_s=settings.order_lifetime_s)
    bucket = SourceBucket(ground.clock, per_minute=settings.orders_per_minute,
                          burst=settings.orders_burst)
    return ground.app(routes(shop, bucket), budget_ms=BUYER_BUDGET_MS, cors=True)


def build_notify(routes: Callable[..., Any], environ: Mapping[str, str]) -> App:
    """notify over this environment."""
    from shared.adapters.wechatpay.notify import WeChatNotifyVerifier

    ground = _Ground.lay(names.NOTIFY, environ)
    settings = ground.settings
    verifier = WeChatNotifyVerifier(settings.wechatpay_keys(),
                                    settings.wechatpay_api_v3_key.reveal().encode())
    return ground.app(routes(verifier, ground.books()), budget_ms=NOTIFY_BUDGET_MS, cors=False)


def build_license_fetch(routes: Callable[..., Any], environ: Mapping[str, str]) -> App:
    """license-fetch over this environment."""
    from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
    from shared.adapters.tablestore.licenses import TablestoreLicenses
    from shared.use_cases.claim_license import Desk
    from shared.use_cases.fetch_order import Counter

    ground = _Ground.lay(names.LICENSE_FETCH, environ)
    settings, books = ground.settings, ground.books()
    issuer = Ed25519LicenseIssuer(settings.signing_keys(), issuer=f"tongbao:{settings.prefix}")
    counter = Counter(books, ground.gateway(), wait_s=settings.wait_s)
    desk = Desk(books, TablestoreLicenses(ground.store), issuer)
    return ground.app(routes(counter, desk), cors=True,
                      budget_ms=BUYER_BUDGET_MS + 1000 * settings.wait_s)


def _once(function: str, build: Callable[..., App], routes: Callable[..., Any]) -> App:
    app = _apps.get(function)
    if app is None:
        with _no_garbage_sought(), _no_certificates_read(os.environ):
            app = _apps[function] = build(routes, os.environ)
    return app


@contextmanager
def _no_garbage_sought() -> Iterator[None]:
    """What a start makes stays for good: looking for garbage meanwhile costs 4 % of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _no_certificates_read(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Show OpenSSL an empty file instead of the machine's certificates (openssl-env(7)).

    aiohttp, which only the unused half of the store's SDK needs, reads all of them twice while
    it is imported: a sixth of a start. Our connections are made later, with certificates.
    """
    before = environ.get(CERTIFICATES)
    environ[CERTIFICATES] = os.devnull
    try:
        yield
    finally:
        del environ[CERTIFICATES]
        if before is not None:
            environ[CERTIFICATES] = before


class _RoleKey:
    """The role's key that is good now: from the environment, else from the last context.

    Read anew for every call: Function Compute rotates it. Implements the store's Credentials.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._from_context: tuple[str, str, str] | None = None

    def remember(self, context: object) -> None:
        """Keep the key that this invocation's context carries, if any."""
        self._from_context = fc_event.access_key_of(context) or self._from_context

    def current(self) -> AccessKey:
        """The key for the next call."""
        from shared.adapters.tablestore.credentials import AccessKey, EnvironmentCredentials

        if "ALIBABA_CLOUD_ACCESS_KEY_ID" in self._environ or self._from_context is None:
            return EnvironmentCredentials(self._environ).current()
        return AccessKey(*self._from_context)


@dataclass(frozen=True)
class _Ground:
    """What every function stands on."""

    settings: Settings
    clock: SystemClock
    deadline: Deadline
    log: JsonLog
    key: _RoleKey
    store: RowStore

    @staticmethod
    def lay(function: str, environ: Mapping[str, str]) -> _Ground:
        settings = load_settings(environ, function)
        clock = SystemClock()
        deadline = Deadline(clock, BUYER_BUDGET_MS)
        key = _RoleKey(environ)
        return _Ground(settings, clock, deadline, JsonLog(sys.stdout, clock, function), key,
                       _row_store(settings, clock, deadline, key))

    def books(self) -> Books:
        from shared.adapters.tablestore.held_payments import TablestoreHeldPayments
        from shared.adapters.tablestore.orders import TablestoreOrders

        return Books(orders=TablestoreOrders(self.store),
                     held=TablestoreHeldPayments(self.store),
                     clock=self.clock, log=self.log, kid=self.settings.signing_kid)

    def gateway(self) -> WeChatNativeGateway:
        from shared.adapters.wechatpay.gateway import WeChatNativeGateway
        from shared.domain.payment import Payee

        payee = Payee(self.settings.wechatpay_mchid, self.settings.wechatpay_appid)
        return WeChatNativeGateway(_transport(self), payee=payee,
                                   notify_url=self.settings.notify_url)

    def app(self, routes: Any, *, budget_ms: int, cors: bool) -> App:
        def begin(context: object) -> None:
            self.deadline.begin(budget_ms)
            self.log.request_id = fc_event.request_id_of(context)
            self.key.remember(context)

        return App(routes, log=self.log, cors=cors, begin=begin)


def _row_store(settings: Settings, clock: SystemClock, deadline: Deadline,
               key: _RoleKey) -> RowStore:
    from shared.adapters.tablestore.client import Instance, TablestoreClient
    from shared.adapters.tablestore.row_store import RowStore

    instance = Instance(settings.tablestore_endpoint, settings.tablestore_instance)
    return RowStore(TablestoreClient(instance, key, deadline), clock, deadline, RANDOM)


def _transport(ground: _Ground) -> Transport:
    from shared.adapters.wechatpay.http_client import HttpClient
    from shared.adapters.wechatpay.keys import load_verification_keys
    from shared.adapters.wechatpay.signer import RequestSigner
    from shared.adapters.wechatpay.transport import Transport
    from shared.adapters.wechatpay.verifier import SignatureVerifier

    settings = ground.settings
    return Transport(
        http=HttpClient(settings.wechatpay_base_url, clock=ground.clock,
                        allow_http=not settings.live, ca_pem=settings.wechatpay_ca),
        signer=RequestSigner(mchid=settings.wechatpay_mchid,
                             serial_no=settings.wechatpay_merchant_serial,
                             private_key_pem=settings.wechatpay_merchant_key.reveal()),
        verifier=SignatureVerifier(load_verification_keys(settings.wechatpay_keys())),
        clock=ground.clock, deadline=ground.deadline, log=ground.log,
        random_token=random_token, public_key_id=settings.wechatpay_public_key_id or None)

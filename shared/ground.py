"""What every function stands on: settings, time, log, rows and the ways to WeChat Pay.

`shared.bootstrap` lays it once per instance and builds a function's own parts on top. Adapters
are imported inside the methods, so that a function loads only what it uses.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from shared.adapters.system import RANDOM, SystemClock, random_token
from shared.deadline import Deadline
from shared.http import fc_event
from shared.http.app import App
from shared.log import JsonLog
from shared.settings import Settings, load_settings
from shared.use_cases.record_payment import Books

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.adapters.tablestore.credentials import AccessKey
    from shared.adapters.tablestore.row_store import RowStore
    from shared.adapters.wechatpay.gateway import WeChatNativeGateway
    from shared.adapters.wechatpay.refunds import WeChatRefundGateway
    from shared.adapters.wechatpay.transport import Transport
    from shared.domain.license_key import LicenseKeys
    from shared.domain.payment import Payee
    from shared.http.app import Route
    from shared.ports import LicenseRepository
    from shared.use_cases.request_refund import RefundCounter


class RoleKey:
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
class Ground:
    """What every function stands on."""

    settings: Settings
    clock: SystemClock
    deadline: Deadline
    log: JsonLog
    key: RoleKey
    store: RowStore

    @staticmethod
    def lay(function: str, environ: Mapping[str, str], budget_ms: int) -> Ground:
        """The ground of this function; raises MissingSetting and InvalidSetting."""
        settings = load_settings(environ, function)
        clock = SystemClock()
        deadline = Deadline(clock, budget_ms)
        key = RoleKey(environ)
        return Ground(settings, clock, deadline, JsonLog(sys.stdout, clock, function), key,
                      _row_store(settings, clock, deadline, key))

    def begin(self, context: object, budget_ms: int) -> None:
        """A new invocation: its time, its log's request id, its role's key."""
        self.deadline.begin(budget_ms)
        self.log.request_id = fc_event.request_id_of(context)
        self.key.remember(context)

    def app(self, routes: Sequence[Route], *, budget_ms: int, cors: bool) -> App:
        """These routes, each request with its own time."""
        return App(routes, log=self.log, cors=cors,
                   begin=lambda context: self.begin(context, budget_ms))

    def books(self, *, every_bucket: bool = False) -> Books:
        """Where payments are booked. `every_bucket`: with a work list that finds strays too."""
        from shared.adapters.tablestore.held_payments import TablestoreHeldPayments
        from shared.adapters.tablestore.orders import TablestoreOrders
        from shared.adapters.tablestore.work_list import TablestoreWorkList

        buckets = self.settings.due_buckets
        work = TablestoreWorkList(self.store, buckets=buckets, every_bucket=every_bucket)
        return Books(orders=TablestoreOrders(self.store, buckets=buckets), work=work,
                     held=TablestoreHeldPayments(self.store), clock=self.clock, log=self.log,
                     prefix=self.settings.prefix)

    def licenses(self) -> LicenseRepository:
        """The licenses."""
        from shared.adapters.tablestore.licenses import TablestoreLicenses

        return TablestoreLicenses(self.store)

    def refund_counter(self, books: Books) -> RefundCounter:
        """Where refunds are asked for; a buyer's request prepares them and calls nobody."""
        from shared.adapters.tablestore.payer_refunds import TablestorePayerRefunds
        from shared.use_cases.request_refund import RefundCounter

        return RefundCounter(books, self.licenses(), TablestorePayerRefunds(self.store),
                             self.refund_gateway())

    @cached_property
    def license_keys(self) -> LicenseKeys:
        """What derives license keys."""
        from shared.domain.license_key import LicenseKeys

        return LicenseKeys(self.settings.license_keys())

    @cached_property
    def payee(self) -> Payee:
        """Who is paid."""
        from shared.domain.payment import Payee

        return Payee(self.settings.wechatpay_mchid, self.settings.wechatpay_appid)

    @cached_property
    def payer_hasher(self) -> Callable[[str], str] | None:
        """What stands for a payer in our rows; None where nothing does."""
        from shared.adapters.wechatpay.payer import payer_hasher

        pepper = self.settings.payer_pepper
        return payer_hasher(pepper.reveal().encode()) if pepper else None

    def gateway(self) -> WeChatNativeGateway:
        """The way to take payments."""
        from shared.adapters.wechatpay.gateway import WeChatNativeGateway

        return WeChatNativeGateway(self.transport, payee=self.payee,
                                   notify_url=self.settings.notify_url,
                                   payer_hasher=self.payer_hasher)

    def refund_gateway(self) -> WeChatRefundGateway:
        """The way to give payments back; it loads `wechatpayv3` at its first call."""
        from shared.adapters.wechatpay.refunds import WeChatRefundGateway

        return WeChatRefundGateway(self.transport, payee=self.payee,
                                   notify_url=self.settings.notify_url)

    @cached_property
    def transport(self) -> Transport:
        """The one connection to WeChat Pay, its signatures checked."""
        from shared.adapters.wechatpay.http_client import HttpClient
        from shared.adapters.wechatpay.keys import load_verification_keys
        from shared.adapters.wechatpay.signer import RequestSigner
        from shared.adapters.wechatpay.transport import Transport
        from shared.adapters.wechatpay.verifier import SignatureVerifier

        settings = self.settings
        return Transport(
            http=HttpClient(settings.wechatpay_base_url, clock=self.clock,
                            allow_http=not settings.live, ca_pem=settings.wechatpay_ca),
            signer=RequestSigner(mchid=settings.wechatpay_mchid,
                                 serial_no=settings.wechatpay_merchant_serial,
                                 private_key_pem=settings.wechatpay_merchant_key.reveal()),
            verifier=SignatureVerifier(load_verification_keys(settings.wechatpay_keys())),
            clock=self.clock, deadline=self.deadline, log=self.log,
            random_token=random_token, public_key_id=settings.wechatpay_public_key_id or None)


def _row_store(settings: Settings, clock: SystemClock, deadline: Deadline,
               key: RoleKey) -> RowStore:
    from shared.adapters.tablestore.client import Instance, TablestoreClient
    from shared.adapters.tablestore.row_store import RowStore

    instance = Instance(settings.tablestore_endpoint, settings.tablestore_instance)
    return RowStore(TablestoreClient(instance, key, deadline), clock, deadline, RANDOM)

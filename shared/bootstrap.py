"""The composition root: builds each function from its settings, once per instance.

The builders run in Function Compute's initializer, before the first request. What all functions
share is in `shared.ground`; adapters are imported where they are used, so that a function loads
only its own.
"""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from shared import variables as names
from shared.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
    from shared.domain.catalogue import Catalogue
    from shared.http.app import App
    from shared.http.operator_app import OperatorApp
    from shared.http.timer_app import TimerApp
    from shared.key_set import KeySet
    from shared.settings import Settings
    from shared.use_cases.compare_bill import AuditRoom
    from shared.use_cases.record_payment import Books
    from shared.use_cases.request_refund import RefundCounter
    from shared.use_cases.settle_held import HeldDesk
    from shared.use_cases.watch_complaint import ComplaintRoom

T = TypeVar("T")

NOTIFY_BUDGET_MS = 3_800
"""WeChat waits 5 s for an answer (document 4012075420), a cold start and the way included."""
BUYER_BUDGET_MS = 8_000
TIMERS_BUDGET_MS = 240_000
"""The longest job of a timer (shared.http.timer_app knows the shorter ones)."""
ADMIN_BUDGET_MS = 100_000
"""Long enough to reconcile a day by hand."""
SPARE_S = 20
"""What the clocks of two instances may differ by."""
CERTIFICATES = "SSL_CERT_FILE"

_built: dict[str, Any] = {}


def create_order_app(routes: Callable[..., Any]) -> App:
    """create-order, built at the first call."""
    return _once(names.CREATE_ORDER, build_create_order, routes)


def notify_app(routes: Callable[..., Any]) -> App:
    """notify, built at the first call."""
    return _once(names.NOTIFY, build_notify, routes)


def license_fetch_app(routes: Callable[..., Any]) -> App:
    """license-fetch, built at the first call."""
    return _once(names.LICENSE_FETCH, build_license_fetch, routes)


def timers_app(jobs: Callable[..., Any]) -> TimerApp:
    """timers, built at the first call."""
    return _once(names.TIMERS, build_timers, jobs)


def admin_app(acts: Callable[..., Any]) -> OperatorApp:
    """admin, built at the first call."""
    return _once(names.ADMIN, build_admin, acts)


def build_create_order(routes: Callable[..., Any], environ: Mapping[str, str]) -> App:
    """create-order over this environment."""
    from shared.http.source_bucket import SourceBucket
    from shared.use_cases.create_order import Shop

    ground = Ground.lay(names.CREATE_ORDER, environ, BUYER_BUDGET_MS)
    settings, books = ground.settings, ground.books()
    shop = Shop(catalogue=_catalogue(ground), gateway=ground.gateway(), books=books,
                prefix=settings.prefix, environment=settings.environment,
                order_lifetime_s=settings.order_lifetime_s, license_keys=ground.license_keys)
    bucket = SourceBucket(ground.clock, per_minute=settings.orders_per_minute,
                          burst=settings.orders_burst)
    return ground.app(routes(shop, bucket, ground.refund_counter(books)),
                      budget_ms=BUYER_BUDGET_MS, cors=True)


def build_notify(routes: Callable[..., Any], environ: Mapping[str, str]) -> App:
    """notify over this environment."""
    from shared.adapters.wechatpay.notify import WeChatNotifyVerifier

    ground = Ground.lay(names.NOTIFY, environ, NOTIFY_BUDGET_MS)
    settings = ground.settings
    verifier = WeChatNotifyVerifier(settings.wechatpay_keys(),
                                    settings.wechatpay_api_v3_key.reveal().encode(),
                                    payer_hasher=ground.payer_hasher)
    return ground.app(routes(verifier, ground.books()), budget_ms=NOTIFY_BUDGET_MS, cors=False)


def build_license_fetch(routes: Callable[..., Any], environ: Mapping[str, str]) -> App:
    """license-fetch over this environment."""
    from shared.adapters.device_proofs import EcdsaDeviceProofs
    from shared.http.device_gate import DeviceGate, Doors
    from shared.http.source_bucket import SourceBucket
    from shared.use_cases.claim_license import Desk
    from shared.use_cases.fetch_order import Counter

    ground = Ground.lay(names.LICENSE_FETCH, environ, BUYER_BUDGET_MS)
    settings, books = ground.settings, ground.books()
    issuer, key_set = issuer_and_keys(settings)
    counter = Counter(books, ground.gateway(), wait_s=settings.wait_s)
    refunds = ground.refund_counter(books)
    gate = DeviceGate(EcdsaDeviceProofs(settings.nonce_secret()), ground.clock,
                      settings.public_host)
    bucket = SourceBucket(ground.clock, per_minute=settings.restores_per_minute,
                          burst=settings.restores_per_minute)
    return ground.app(
        routes(counter, Desk(books, refunds.licenses, issuer, ground.license_keys), refunds,
               Doors(gate, bucket, key_set)), cors=True,
        budget_ms=BUYER_BUDGET_MS + 1000 * settings.wait_s)


def build_timers(jobs: Callable[..., Any], environ: Mapping[str, str]) -> TimerApp:
    """timers over this environment."""
    from shared.http.timer_app import TimerApp
    from shared.use_cases.look_at_order import BackOffice

    ground = Ground.lay(names.TIMERS, environ, TIMERS_BUDGET_MS)
    counter = ground.refund_counter(ground.books())
    audit = _audit_room(ground, counter.books)
    office = BackOffice(counter, ground.gateway(), audit.ledger, _catalogue(ground),
                        keep_payer_s=86_400 * ground.settings.keep_payer_days)
    return TimerApp(
        jobs(office=office, held=_held_desk(ground, counter),
             complaints=_complaint_room(ground, counter), audit=audit,
             key_set=_key_set(ground.settings),
             everywhere=ground.books(every_bucket=True)),
        log=ground.log, begin=ground.begin)


def build_admin(acts: Callable[..., Any], environ: Mapping[str, str]) -> OperatorApp:
    """admin over this environment."""
    from shared.http.operator_app import OperatorApp
    from shared.use_cases.operate import OperatorDesk

    ground = Ground.lay(names.ADMIN, environ, ADMIN_BUDGET_MS)
    counter = ground.refund_counter(_unhurried(ground.books(), ADMIN_BUDGET_MS))
    desk = OperatorDesk(counter, _held_desk(ground, counter), _complaint_room(ground, counter),
                        _audit_room(ground, counter.books))
    return OperatorApp(acts(desk), log=ground.log,
                       begin=lambda context: ground.begin(context, ADMIN_BUDGET_MS))


def check_policies(catalogue: Catalogue, settings: Settings) -> None:
    """Raise MissingSetting when a refund policy that is offered could not be kept to."""
    from shared.secret import MissingSetting

    for product in catalogue.products.values():
        policy = product.refund_policy
        if policy and policy.most_per_payer is not None and not settings.payer_pepper:
            raise MissingSetting(
                f"the setting {names.VARIABLES['payer_pepper'].name} is missing: refunds of "
                f"{product.product_id} are counted by payer")


def _catalogue(ground: Ground) -> Catalogue:
    from shared.adapters.catalogue_file import load_catalogue

    catalogue = load_catalogue()
    check_policies(catalogue, ground.settings)
    return catalogue


def issuer_and_keys(settings: Settings) -> tuple[Ed25519LicenseIssuer, KeySet]:
    """Who signs, and the key set that says so; InvalidSetting where clients would not agree."""
    from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
    from shared.key_set import InvalidKeySet
    from shared.settings import InvalidSetting

    name = f"tongbao:{settings.prefix}"
    issuer = Ed25519LicenseIssuer(settings.signing_kid, settings.signing_key, name)
    key_set = _key_set(settings)
    try:
        key_set.refuse_unless_active(settings.signing_kid, issuer.public_key(), issuer=name,
                                     environment=settings.environment)
    except InvalidKeySet as error:
        raise InvalidSetting(names.VARIABLES["key_set"].name, str(error)) from None
    return issuer, key_set


def _key_set(settings: Settings) -> KeySet:
    from shared.key_set import InvalidKeySet, KeySet
    from shared.settings import InvalidSetting

    try:
        return KeySet.read(settings.key_set)
    except InvalidKeySet as error:
        raise InvalidSetting(names.VARIABLES["key_set"].name, str(error)) from None


def _held_desk(ground: Ground, counter: RefundCounter) -> HeldDesk:
    from shared.use_cases.settle_held import HeldDesk

    return HeldDesk(counter.books, counter.gateway,
                    refunds_by_itself=ground.settings.refund_held)


def _complaint_room(ground: Ground, counter: RefundCounter) -> ComplaintRoom:
    from shared.adapters.tablestore.complaints import TablestoreComplaints
    from shared.adapters.wechatpay.complaints import WeChatComplaints
    from shared.adapters.wechatpay.facts import PROVIDER
    from shared.use_cases.watch_complaint import ComplaintRoom

    settings = ground.settings
    return ComplaintRoom(
        _unhurried(counter.books), counter.licenses, TablestoreComplaints(ground.store),
        WeChatComplaints(ground.transport, payee=ground.payee, notify_url=settings.notify_url),
        PROVIDER, answer_within_s=3_600 * settings.complaint_answer_hours,
        holds_license=settings.complaint_holds_license)


def _audit_room(ground: Ground, books: Books) -> AuditRoom:
    from shared.adapters.tablestore.ledger import TablestoreLedger
    from shared.adapters.tablestore.reconciliations import TablestoreReconciliations
    from shared.adapters.wechatpay.bills import WeChatBills
    from shared.use_cases.compare_bill import AuditRoom

    bills = WeChatBills(ground.transport, payee=ground.payee, payer_hasher=ground.payer_hasher)
    return AuditRoom(_unhurried(books), bills, TablestoreLedger(ground.store),
                     TablestoreReconciliations(ground.store))


def _unhurried(books: Books, budget_ms: int = TIMERS_BUDGET_MS) -> Books:
    """For calls that may last longer than a buyer's."""
    return replace(books, margin_s=budget_ms // 1000 + SPARE_S)


def _once(function: str, build: Callable[..., T], parts: Callable[..., Any]) -> T:
    built: T | None = _built.get(function)
    if built is None:
        with _no_garbage_sought(), _no_certificates_read(os.environ):
            built = _built[function] = build(parts, os.environ)
    return built


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

"""Everything that may be stored, logged or signed: each column, field and claim with its form.

What is not here makes the tests of this folder fail. Whoever adds a column says here what is in
it, and so decides that it is nothing personal. docs/compliance.md says the same to sellers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SYMBOL = "[0-9A-HJKMNP-TV-Z]"
TEXTS = {name: re.compile(pattern) for name, pattern in {
    "id": rf"{SYMBOL}{{26}}",
    "number": rf"{SYMBOL}{{31}}",
    "provider_id": r"[A-Za-z0-9_-]{1,64}",
    "sha256": r"[0-9a-f]{64}",
    "digest": r"[A-Za-z0-9_-]{43}",
    "day": r"\d{4}-\d{2}-\d{2}",
    "currency": r"[A-Z]{3}",
    "word": r"[a-z][a-z0-9_:-]{0,63}",
    "code": r"[A-Z][A-Za-z0-9_]{0,63}",
    "reason": r"[A-Za-z][A-Za-z0-9_. :-]{0,99}",
    "actor": r"(buyer|system|provider|operator:[a-z0-9._-]{1,32})",
    "proof": rf"(wechatpay:[A-Za-z0-9]{{1,32}}|{SYMBOL}{{26}})",
    "platform": r"([a-z0-9._-]{1,20}/[a-z0-9._-]{1,20})?",
    "hold": r"(operator|complaint:[A-Za-z0-9_-]{1,64})",
    "address": r"weixin://wxpay/bizpayurl\?pr=[A-Za-z0-9]{1,32}",
    "key": r"[0-9a-f]{4}:wechatpay:[A-Za-z0-9]{1,32}",
    "ref": r"(order|held|complaint):[A-Za-z0-9:]{1,48}",
    "bucket": r"k[0-9a-f]",
    "mark": r"\d{1,9}:[0-9a-f]{20}",
    "version": r"[A-Za-z0-9._-]{1,64}",
    "title": r"[^\n]{1,127}",
    "issuer": r"(https://tongbao\.example|tongbao:TB01)",
    "request": r"[A-Za-z0-9-]{1,64}",
    "detail": rf"|[a-z_]{{1,40}}|\d{{4}}-\d\d-\d\d|{SYMBOL}{{26,31}}|[a-z ]{{1,60}}",
}.items()}
INT, FLAG, NONE = "int", "flag", "none"


@dataclass(frozen=True)
class Each:
    """A list, every item of this form."""

    form: Any


@dataclass(frozen=True)
class Json:
    """A text that is JSON of this form."""

    form: Any


@dataclass(frozen=True)
class Either:
    """One of these forms."""

    forms: tuple[Any, ...]


def maybe(form: Any) -> Either:
    """That, or null."""
    return Either((form, NONE))


class Optional(dict[str, Any]):
    """An object in which each of these may be missing."""


MONEY = {"amount_minor": INT, "currency": "currency"}
REQUEST = Json(Optional(
    amount=Optional(amount_minor=INT, currency="currency", total=INT, refund=INT),
    total=MONEY, description="title", expires_at_s=INT, out_trade_no="number",
    out_refund_no="number", transaction_id="provider_id", appid="provider_id",
    mchid="provider_id", notify_url="title", time_expire="title"))
GRANT = {"grant_id": "id", "license_id": "id", "product_id": "word", "entitlements": Each("word"),
         "term_days": maybe(INT), "granted_at_s": INT, "order_id": "id", "device_limit": INT,
         "proof_kind": "word", "proof_reference": "proof"}
REFUND = {"refund_id": "id", "out_refund_no": "provider_id", **MONEY, "state": "word",
          "origin": "word", "requested_by": "actor", "requested_at_s": INT,
          "provider_request": Either((REQUEST, "empty")),
          "provider_refund_id": maybe("provider_id"), "settled_at_s": maybe(INT),
          "billed_on": maybe("day")}
DEVICE = {"device_id": "id", "thumbprint": "digest", "platform": "platform", "way": "word",
          "activated_at_s": INT, "dark_at_s": INT}
TAKEOVER = {"takeover_id": "id", "thumbprint": "digest", "platform": "platform", "way": "word",
            "replaces": "id", "asked_at_s": INT}
EVENT_DATA = Optional(
    catalogue_version="version", price=MONEY, product_id="word", provider="word",
    expires_at_s=INT, kind="word", transaction_id="provider_id", amount=MONEY, paid_at_s=INT,
    grant_id="id", license_id="id", refund_id="id", origin="word", state="word",
    provider_refund_id="provider_id", settled_at_s=maybe(INT), billed_on="day", reason="reason",
    hold="hold", proof="word", reference="proof", term_days=maybe(INT), device_limit=INT,
    entitlements=Each("word"), granted_at_s=INT, order_version=INT, device_id="id", way="word",
    dark_at_s=INT, counts=FLAG, takeover_id="id", replaces="id", order_ids=Each("id"),
    complained_at_s=INT, problem_type="code", user_complaint_times=INT, is_fully_refunded=FLAG,
    source="word", by="id")
EVENT = {"actor": "actor", "at_s": INT, "data": EVENT_DATA, "kind": "word", "source": "word"}
WHOLE = {"schema": INT, "head": "sha256", "e#": Json(EVENT)}
ANY_ROW = {"ver": INT, **{f"w{place}": "mark" for place in range(8)}}

TABLES: dict[str, dict[str, Any]] = {
    "orders": {
        **WHOLE, "order_id": "id", "out_trade_no": "number", "environment": "word",
        "provider": "word", "merchant_id": "provider_id", "app_id": "provider_id",
        "product_id": "word", "title": "title", "language": "word", "price_minor": INT,
        "currency": "currency", "term_days": INT, "entitlements": Json(Each("word")),
        "device_limit": INT, "catalogue_version": "version", "license_id": "id",
        "claim_secret_hash": "digest", "provider_request": REQUEST, "state": "word",
        "created_at_s": INT, "expires_at_s": INT, "next_query_at_s": INT,
        "instruction_kind": "word", "instruction_value": "address",
        "instruction_expires_at_s": INT, "payment_transaction_id": "provider_id",
        "payment_amount_minor": INT, "payment_currency": "currency", "payment_paid_at_s": INT,
        "payment_source": "word", "payment_payer_hash": "sha256", "payment_late": INT,
        "grant": Json(GRANT), "r#": Json(REFUND), "holds": Json(Each("hold")),
        "refund_reported_at_s": INT, "refund_policy": Json({
            "approval_above_minor": maybe(INT), "most_per_payer": maybe(INT),
            "only_if_never_activated": FLAG, "window_days": INT})},
    "licenses": {
        **WHOLE, "license_id": "id", "environment": "word", "product_id": "word",
        "activated_at_s": INT, "g#": Json(GRANT), "devices": Json(Each(DEVICE)),
        "takeover": Json(maybe(TAKEOVER)), "s#": Json({
            "grant_id": "id", "standing": "word", "order_version": INT})},
    "held_payments": {
        **WHOLE, "p": "key", "provider": "word", "merchant_id": "provider_id",
        "app_id": "provider_id", "transaction_id": "provider_id", "order_id": "id",
        "out_trade_no": "number", "reason": "word", "amount_minor": INT, "currency": "currency",
        "paid_at_s": INT, "recorded_at_s": INT, "source": "word", "state": "word",
        "provider_request": Either((REQUEST, "empty"))},
    "complaints": {
        **WHOLE, "p": "key", "provider": "word", "complaint_id": "provider_id",
        "order_ids": Json(Each("id")), "state": "word", "complained_at_s": INT,
        "answer_by_s": INT, "answered_at_s": INT, "problem_type": "code",
        "user_complaint_times": INT, "is_fully_refunded": INT,
        "asked_refund_minor": INT, "asked_refund_currency": "currency"},
    "due": {"bucket": "bucket", "due_at_s": INT, "ref": "ref", "leased_until_s": INT},
    "ledger": {"day": "day", "kind": "word", "number": "provider_id", "order_id": "id", **MONEY},
    "payer_refunds": {"payer_hash": "sha256", "refund_id": "id"},
    "reconciliations": {
        "schema": INT, "day": "day", "state": "word", "run_at_s": INT, "actor": "actor",
        "digest": Either(("sha256", "version", "empty")), "payments": INT, "refunds": INT,
        "foreign": INT, "left_out": INT, "lines_told": INT,
        "refund_sought": Either(("provider_id", "empty")), "reason": Either(("reason", "empty")),
        "discrepancies": Json(Each({
            "difference": "word", "kind": "word", "order_id": Either(("id", "empty")),
            "line": INT, "detail": "detail", "refund_id": Either(("id", "empty"))}))}}

LOG: dict[str, Any] = {
    "fact": "fact", "at_s": INT, "function": "word", "request_id": "request", "alarm": FLAG,
    "severity": "word", "act": "word", "action": "code", "actor": Either(("actor", "word")),
    "answer_by_s": INT, "attempt": INT, "code": "code", "day": "day", "days": INT,
    "detail": "detail", "device_id": "id", "difference": "word", "differences": INT,
    "due_at_s": INT, "duration_ms": INT, "error": "code", "failed": INT, "first": FLAG,
    "foreign": INT, "grant_id": "id", "job": "word", "kind": Either(("word", "code")),
    "late": FLAG, "late_s": INT, "left": INT, "left_s": INT, "license_id": "id", "line": INT,
    "looked": INT, "news": INT, "operation": "reason", "order_id": Either(("id", "empty")),
    "orders": INT, "outcome": "word", "payments": INT, "product_id": "word",
    "reason": Either(("reason", "empty")), "refund_id": Either(("id", "empty")),
    "refunds": INT, "rows": INT,
    "seq": INT, "skew_s": INT, "source": "word", "state": "word", "status": INT,
    "subject": Either(("id", "word")), "taken": INT, "waited_s": INT,
    "wechat_request_id": "provider_id"}

LEASE = {"v": INT, "iss": "issuer", "aud": "word", "env": "word", "sub": "id", "jti": "id",
         "ent": Each("word"), "lexp": maybe(INT), "iat": INT, "nbf": INT, "exp": INT, "grc": INT,
         "cnf": {"jkt": "digest"}}
RECEIPT = {"v": INT, "iss": "issuer", "aud": "word", "env": "word", "sub": "id", "jti": "id",
           "order": "id", "iat": INT, "amount": INT, "currency": "currency"}

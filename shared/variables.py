"""Every environment variable, and which function needs it: the table behind `shared.settings`."""

from __future__ import annotations

from typing import NamedTuple

CREATE_ORDER, NOTIFY, LICENSE_FETCH = "create-order", "notify", "license-fetch"
TIMERS, ADMIN = "timers", "admin"
ALL = (CREATE_ORDER, NOTIFY, LICENSE_FETCH, TIMERS, ADMIN)
ASKING = (CREATE_ORDER, LICENSE_FETCH, TIMERS, ADMIN)
"""The functions that call WeChat."""


class Variable(NamedTuple):
    """One environment variable: which functions need it, and what stands in for it."""

    name: str
    needed_by: tuple[str, ...]
    default: str | None = None
    meaning: str = ""


VARIABLES: dict[str, Variable] = {
    "environment": Variable("TONGBAO_ENVIRONMENT", ALL, meaning="test or live"),
    "prefix": Variable("TONGBAO_PREFIX", ALL, meaning=(
        "4 Crockford base-32 symbols in front of every order number of this deployment; no other "
        "on its merchant number may have them, and none TEST in live")),
    "tablestore_endpoint": Variable("TONGBAO_TABLESTORE_ENDPOINT", ALL, meaning=(
        "address of the Tablestore instance")),
    "tablestore_instance": Variable("TONGBAO_TABLESTORE_INSTANCE", ALL, meaning=(
        "name of the Tablestore instance")),
    "notify_url": Variable("TONGBAO_NOTIFY_URL", ASKING, meaning=(
        "public address of POST /v1/notify/wechatpay, for payments and refunds; no query "
        "string")),
    "order_lifetime_s": Variable("TONGBAO_ORDER_LIFETIME_S", (), "7200", (
        "seconds in which an order can be paid")),
    "wait_s": Variable("TONGBAO_WAIT_S", (), "0", (
        "seconds that GET /v1/orders/{order_id} may wait for a change; 0 to 20")),
    "orders_per_minute": Variable("TONGBAO_ORDERS_PER_MINUTE", (), "20", (
        "orders per minute and source that one instance takes")),
    "orders_burst": Variable("TONGBAO_ORDERS_BURST", (), "10", (
        "orders that one source may place at once")),
    "due_buckets": Variable("TONGBAO_DUE_BUCKETS", (), "16", (
        "partitions that the work list is spread over, 1 to 16; each costs a read a minute")),
    "payer_pepper": Variable("TONGBAO_PAYER_PEPPER", (), "", (
        "secret of at least 32 characters behind the hash that stands for a payer; needed where "
        "a refund policy counts refunds by payer, and never to be changed then")),
    "keep_payer_days": Variable("TONGBAO_KEEP_PAYER_DAYS", (), "400", (
        "days after the payment until the hash that stands for its payer is forgotten")),
    "refund_held": Variable("TONGBAO_REFUND_HELD", (), "0", (
        "1: a payment that fits no order is refunded by itself; 0: it waits for an operator")),
    "complaint_answer_hours": Variable("TONGBAO_COMPLAINT_ANSWER_HOURS", (), "24", (
        "hours in which a complaint must be answered; reminders begin six hours before")),
    "complaint_holds_license": Variable("TONGBAO_COMPLAINT_HOLDS_LICENSE", (), "0", (
        "1: the license is suspended while a complaint about its order is open")),
    "license_secrets": Variable(
        "TONGBAO_LICENSE_SECRETS", (CREATE_ORDER, LICENSE_FETCH, ADMIN), "{}", (
            "JSON object of version (1 to 9) to a secret of at least 32 characters: license keys "
            "are derived with the highest, keys of older versions are still found")),
    "restores_per_minute": Variable("TONGBAO_RESTORES_PER_MINUTE", (), "10", (
        "tries to restore a license per minute and source that one instance takes")),
    "signing_kid": Variable("TONGBAO_SIGNING_KID", (LICENSE_FETCH,), meaning=(
        "id of the key that signs leases and receipts")),
    "signing_key": Variable("TONGBAO_SIGNING_KEY", (LICENSE_FETCH,), meaning=(
        "Ed25519 seed of that key, base64url of 32 bytes")),
    "key_set": Variable("TONGBAO_KEY_SET", (LICENSE_FETCH, TIMERS), meaning=(
        "the key set that a root signed (scripts/keys): which signing keys clients take")),
    "public_host": Variable("TONGBAO_PUBLIC_HOST", (), "", (
        "name, with a port if there is one, under which clients reach license-fetch, where the "
        "platform tells another: behind a custom domain or a proxy")),
    "wechatpay_mchid": Variable("WECHATPAY_MCHID", ASKING, "", "merchant number"),
    "wechatpay_appid": Variable("WECHATPAY_APPID", ASKING, "", (
        "application id bound to the merchant number")),
    "wechatpay_base_url": Variable("WECHATPAY_BASE_URL", (), "https://api.mch.weixin.qq.com", (
        "address of WeChat Pay")),
    "wechatpay_ca": Variable("WECHATPAY_CA", (), "", (
        "certificates, PEM: the only authorities that vouch for that address, instead of the "
        "public ones; for tests, refused in live")),
    "wechatpay_merchant_serial": Variable("WECHATPAY_MERCHANT_SERIAL", ASKING, "", (
        "serial number of the merchant API certificate")),
    "wechatpay_merchant_key": Variable("WECHATPAY_MERCHANT_KEY", ASKING, "", (
        "merchant API private key, PEM")),
    "wechatpay_public_key_id": Variable("WECHATPAY_PUBLIC_KEY_ID", (), "", (
        "id of the WeChat Pay public key: PUB_KEY_ID_…")),
    "wechatpay_public_key": Variable("WECHATPAY_PUBLIC_KEY", (), "", (
        "the WeChat Pay public key, PEM; needed unless there are platform certificates")),
    "wechatpay_platform_certificates": Variable(
        "WECHATPAY_PLATFORM_CERTIFICATES", (), "{}", (
            "older merchants: JSON object of platform serial to certificate or public key, "
            "PEM; beside the public key, or without one")),
    "wechatpay_api_v3_key": Variable("WECHATPAY_API_V3_KEY", (NOTIFY,), "", (
        "the APIv3 key, 32 characters")),
}
"""Which environment variable fills which field of Settings."""

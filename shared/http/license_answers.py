"""Licenses as their devices see them. Models for the same shapes: shared.http.license_contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.device_list import device_list
from shared.domain.license_key import shown

if TYPE_CHECKING:
    from shared.domain.license import License
    from shared.use_cases.claim_license import HandedOver
    from shared.use_cases.show_license import Purchase


def license_answer(handed: HandedOver, now_s: int) -> dict[str, Any]:
    """A license and its lease for one of its devices; no lease while it is being signed."""
    license_, window = handed.license, handed.window
    lease = None if handed.lease is None else {
        "token": handed.lease, "starts_at_s": window.starts_at_s, "ends_at_s": window.ends_at_s,
        "grace_ends_at_s": window.ends_at_s + window.grace_s,
        "refresh_at_s": window.refresh_at_s}
    return {"license": {
        "license_id": license_.license_id,
        "license_key": None if handed.license_key is None else shown(handed.license_key),
        "product_id": license_.product_id, "entitlements": list(license_.entitlements),
        "paid_at_s": license_.paid_at_s, "ends_at_s": license_.ends_at_s(),
        "status": "pending" if lease is None else "active", "lease": lease,
        **device_list(license_, now_s, handed.thumbprint)}}


def devices_answer(license_: License, thumbprint: str, now_s: int) -> dict[str, Any]:
    """The devices of a license and the request that waits, for the device of this thumbprint."""
    return {"license_id": license_.license_id, **device_list(license_, now_s, thumbprint)}


def purchase_answer(purchase: Purchase) -> dict[str, Any]:
    """What was bought, for who knows the claim secret: nothing that unlocks."""
    order = purchase.order
    return {"purchase": {
        "order_id": order.order_id, "out_trade_no": order.out_trade_no,
        "license_id": order.license_id, "product_id": order.snapshot.product_id,
        "entitlements": list(order.snapshot.entitlements),
        "standing": purchase.standing.value, "receipt": purchase.receipt}}

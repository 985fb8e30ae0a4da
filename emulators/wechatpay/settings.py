"""How this emulated WeChat Pay differs from the default one."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
NOTIFY_KEYS = ("public_key", "platform_certificate", "alternate")


@dataclass(frozen=True)
class Settings:
    """``public_key_only``: a merchant without a platform certificate, as all new ones are.

    ``notify_keys``: what notifies are signed with; ``alternate`` is the middle of a migration.
    ``http_notify_hosts``: hosts besides loopback whose notify_url may be plain http.
    ``unknown_close_burns``: closing a number that was never created answers 204 and burns it,
    as observed in the wild; False answers 404 ORDER_NOT_EXIST.
    ``console_refund_notify_url``: where outcomes of refunds made in the merchant portal are
    notified; empty, as for a merchant that never set one there: nowhere.
    """

    merchant_name: str = "模拟商户"
    public_key_only: bool = False
    notify_keys: str = "public_key"
    refund_settle_s: int = 60
    opening_balance_fen: int = 0
    fee_per_ten_thousand: int = 60
    http_notify_hosts: frozenset[str] = LOOPBACK
    unknown_close_burns: bool = True
    console_refund_notify_url: str = ""

    def __post_init__(self) -> None:
        if self.notify_keys not in NOTIFY_KEYS:
            raise ValueError(f"notify_keys is one of {', '.join(NOTIFY_KEYS)}")

"""What every part of the emulator works on: account, settings, clock, store, faults, ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulators.wechatpay.account import Account
    from emulators.wechatpay.faults import Faults
    from emulators.wechatpay.ids import Ids
    from emulators.wechatpay.settings import Settings
    from emulators.wechatpay.signing import SigningKey
    from emulators.wechatpay.storage import Store
    from emulators.wechatpay.times import Clock

REAL_BASE_URL = "https://api.mch.weixin.qq.com"


@dataclass
class Context:
    """One merchant's WeChat Pay. ``base_url`` is where bills say they can be fetched."""

    account: Account
    settings: Settings
    clock: Clock
    store: Store
    faults: Faults
    ids: Ids
    base_url: str = REAL_BASE_URL
    keys_used: int = 0

    def default_key(self) -> SigningKey:
        """What signs when the merchant asked for nothing: the certificate, if there is one."""
        if self.settings.public_key_only:
            return self.account.public_key
        return self.account.platform

    def alternate_key(self) -> SigningKey:
        """Now one key, now the other."""
        self.keys_used += 1
        return self.account.platform if self.keys_used % 2 else self.account.public_key

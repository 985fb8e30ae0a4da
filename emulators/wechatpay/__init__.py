"""An emulator of WeChat Pay API v3 for merchants: ``python -m emulators.wechatpay --help``.

README.md in this folder says what is emulated, what is not, and which faults can be injected.
"""

from emulators.wechatpay.account import Account
from emulators.wechatpay.answers import Answer, ConnectionDropped
from emulators.wechatpay.emulator import WeChatPayEmulator
from emulators.wechatpay.errors import ApiError
from emulators.wechatpay.faults import Fault
from emulators.wechatpay.payments import PaymentRefused
from emulators.wechatpay.records import (
    Complaint,
    ComplaintEntry,
    NotifyAttempt,
    Order,
    Refund,
    RequestRecord,
)
from emulators.wechatpay.settings import Settings

__all__ = [
    "Account",
    "Answer",
    "ApiError",
    "Complaint",
    "ComplaintEntry",
    "ConnectionDropped",
    "Fault",
    "NotifyAttempt",
    "Order",
    "PaymentRefused",
    "Refund",
    "RequestRecord",
    "Settings",
    "WeChatPayEmulator",
]

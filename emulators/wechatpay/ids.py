"""Numbers and random texts in the shapes WeChat gives them. Randomness is injected."""

from __future__ import annotations

import random
import string

from emulators.wechatpay.times import beijing

ALPHANUMERIC = string.digits + string.ascii_letters
HEX = "0123456789ABCDEF"


class Ids:
    """Makes identifiers; a seeded ``random.Random`` makes them repeatable."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng if rng is not None else random.SystemRandom()

    def text(self, length: int, alphabet: str = ALPHANUMERIC) -> str:
        """``length`` random characters of ``alphabet``."""
        return "".join(self._rng.choice(alphabet) for _ in range(length))

    def nonce(self) -> str:
        """The 32 characters of ``Wechatpay-Nonce``."""
        return self.text(32)

    def code_url(self) -> str:
        """What a Native order's QR code holds."""
        return f"weixin://wxpay/bizpayurl?pr={self.text(9)}"

    def openid(self) -> str:
        """A payer's id under one appid: 28 characters, the first an o."""
        return "o" + self.text(27)

    def transaction_id(self, at_s: int) -> str:
        """28 digits: 4200 …, the Beijing date, a running part."""
        day = beijing(at_s).strftime("%Y%m%d")
        return f"4200{self.text(6, string.digits)}{day}{self.text(10, string.digits)}"

    def refund_id(self, at_s: int) -> str:
        """29 digits: 503 …, the Beijing date, a running part."""
        day = beijing(at_s).strftime("%Y%m%d")
        return f"503{self.text(6, string.digits)}{day}{self.text(12, string.digits)}"

    def complaint_id(self, at_s: int) -> str:
        """27 digits: 200 …, the Beijing date, a running part."""
        return self._dated("200", at_s)

    def complaint_log_id(self, at_s: int) -> str:
        """27 digits: 300 …, the Beijing date, a running part."""
        return self._dated("300", at_s)

    def _dated(self, prefix: str, at_s: int) -> str:
        day = beijing(at_s).strftime("%Y%m%d")
        return f"{prefix}{self.text(4, string.digits)}{day}{self.text(12, string.digits)}"

    def notify_id(self) -> str:
        """36 characters, shaped like a UUID."""
        return "-".join(self.text(size, HEX.lower()) for size in (8, 4, 4, 4, 12))

    def request_id(self, sub_code: int) -> str:
        """The ``Request-Id`` header: a trace, a dash, the sub-code (0 = no problem)."""
        return f"08{self.text(44, HEX)}-{sub_code}"

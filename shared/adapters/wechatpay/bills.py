"""WeChat Pay's daily trade bills. Implements the port BillSource; for timers and operators.

Endpoints: apply 4012791872, download 4012791874, both by `wechatpayv3` over our transport. The
file itself is not signed; the answer to the application is, and carries the file's SHA-1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shared.adapters.wechatpay.bill_file import rows, unpacked
from shared.adapters.wechatpay.bill_rows import COLUMNS, RowReader
from shared.adapters.wechatpay.endpoints import BILL_FILE, answer_of, open_endpoints
from shared.adapters.wechatpay.refusals import unavailable
from shared.domain.bill import Bill
from shared.errors import BillNotReady, ProviderUnavailable, UntrustedBill

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.wechatpay.transport import Transport
    from shared.domain.payment import Payee

NOTHING_TRADED = "NOSTATEMENTEXIST"
BEING_MADE = "STATEMENTCREATING"
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_QUERY = re.compile(r"token=(?:[A-Za-z0-9\-._~=&+:@]|%[0-9A-F]{2}){1,2048}")


class WeChatBills:
    """One merchant's trade bills: payments and refunds of a Beijing day, one line each.

    `payer_hasher` (see `payer`) gives payments their payer_hash.
    """

    def __init__(self, transport: Transport, *, payee: Payee,
                 payer_hasher: Callable[[str], str] | None = None) -> None:
        self._transport = transport
        self._payee = payee
        self._payer_hasher = payer_hasher
        self._opened: Any = None

    def fetch(self, day: str) -> Bill:
        """The day's bill, empty when nothing was traded; raises as the port says.

        ProviderUnavailable too for a refusal, as of a day that is not over: `reason` is
        WeChat's code. ValueError for what is no day (YYYY-MM-DD).
        """
        reader = RowReader(day=day, merchant_id=self._payee.merchant_id,
                           payer_hasher=self._payer_hasher)
        applied = answer_of(self._endpoints().trade_bill(day, "ALL", "GZIP"))
        if applied.status != 200:
            if applied.plain_code == NOTHING_TRADED:
                return Bill(day, (), "")
            if applied.plain_code == BEING_MADE:
                raise BillNotReady(reason=applied.code)
            raise unavailable(applied)
        url, sha1 = self._offer(applied.object())
        content = unpacked(self._download(url), sha1)
        lines = [reader.line(row) for row in rows(content, COLUMNS)]
        return Bill(day, tuple(line for line in lines if line is not None), sha1)

    def _offer(self, offer: dict[str, Any]) -> tuple[str, str]:
        """Where the file is, and its hash; raises UntrustedBill for a place that is not WeChat.

        Our authorization goes to that address, so it is this gateway's own or none.
        """
        sha1, url = offer.get("hash_value"), offer.get("download_url")
        if type(sha1) is not str or type(url) is not str or not _SHA1.fullmatch(sha1):
            raise ProviderUnavailable(reason="answer_malformed")
        if offer.get("hash_type") != "SHA1":
            raise UntrustedBill(reason="hash_type_unknown")
        path = self._transport.base_url + BILL_FILE
        if not (url.startswith(path) and _QUERY.fullmatch(url, len(path))):
            raise UntrustedBill(reason="download_url_foreign")
        return url, sha1.lower()

    def _download(self, url: str) -> bytes:
        answer = answer_of(self._endpoints().download_bill(url))
        if answer.status != 200:
            raise unavailable(answer)
        return answer.body

    def _endpoints(self) -> Any:
        if self._opened is None:
            self._opened = open_endpoints(self._transport, self._payee)
        return self._opened

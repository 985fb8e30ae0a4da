"""Buyers' complaints at WeChat Pay (投诉 2.0). Implements the port ComplaintDesk.

For timers and operators, by `wechatpayv3` over our transport.
Endpoints: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_11.shtml … 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.adapters.wechatpay.complaint_facts import COMPLAINT_ID, complaint_fact
from shared.adapters.wechatpay.endpoints import answer_of, open_endpoints
from shared.adapters.wechatpay.reasons import Rejected
from shared.adapters.wechatpay.refusals import (
    is_final,
    knows_nothing_of_it,
    refused,
    unavailable,
)
from shared.domain.calendar import days_after
from shared.domain.complaint import ComplaintState
from shared.errors import InvalidRequest, ProviderRefused, ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.adapters.wechatpay.transport import Answer, Transport
    from shared.domain.complaint import ComplaintFact
    from shared.domain.payment import Payee

PAGE = 50
HISTORY_PAGE = 300
SPAN_DAYS = 30
MOST_PAGES = 40
"""A list that does not end after this many pages is not believed to end at all."""
LONGEST_ANSWER = 200
PERSONAL = frozenset({"payer_phone", "payer_openid"})


class WeChatComplaints:
    """The complaints against one merchant.

    `notify_url` is https and public; WeChat keeps one such address for each merchant number.
    """

    def __init__(self, transport: Transport, *, payee: Payee, notify_url: str = "") -> None:
        self._transport = transport
        self._payee = payee
        self._notify_url = notify_url
        self._opened: Any = None

    def list(self, first_day: str, last_day: str) -> Iterator[ComplaintFact]:
        """The complaints made on these Beijing days, each once; raises ProviderUnavailable.

        For one that cannot be read too, but only after all others were listed.
        """
        begins, failure = first_day, None
        while begins <= last_day:
            ends = min(days_after(begins, SPAN_DAYS - 1), last_day)
            for entry in self._listed(begins, ends):
                try:
                    fact = _fact(entry)
                except ProviderUnavailable as unreadable:
                    failure = unreadable
                else:
                    yield fact
            begins = days_after(ends, 1)
        if failure is not None:
            raise failure

    def read(self, complaint_id: str) -> ComplaintFact | None:
        """What WeChat knows of it now; None when it does not know it.

        Raises ProviderUnavailable.
        """
        if COMPLAINT_ID.fullmatch(complaint_id) is None:
            return None  # no complaint can have it
        answer = self._call("complaint_detail_query", complaint_id)
        if knows_nothing_of_it(answer):
            return None
        fact = _fact(_found(answer).object())
        if fact.complaint_id != complaint_id:
            raise ProviderUnavailable(reason="answer_about_another_complaint")
        return fact

    def show(self, complaint_id: str) -> dict[str, Any]:
        """{complaint, history} as WeChat tells them, but for the buyer's phone and openid.

        Raises ProviderRefused when WeChat does not know it, ProviderUnavailable.
        """
        _check_id(complaint_id)
        complaint = _good(self._call("complaint_detail_query", complaint_id)).object()
        history = _all_pages(HISTORY_PAGE, lambda offset: _good(self._call(
            "complaint_history_query", complaint_id, limit=HISTORY_PAGE, offset=offset)))
        return {"complaint": {name: value for name, value in complaint.items()
                              if name not in PERSONAL},
                "history": [*history]}

    def answer(self, complaint_id: str, text: str) -> None:
        """Send the buyer these words. Sent again, the buyer reads them twice.

        Raises ProviderUnavailable, ProviderRefused, and InvalidRequest for a text that is
        empty or longer than 200 characters.
        """
        _check_id(complaint_id)
        if not text.strip() or len(text) > LONGEST_ANSWER:
            raise InvalidRequest(code="INVALID_FIELD", field="text")
        _good(self._call("complaint_response", complaint_id, text))

    def complete(self, complaint_id: str) -> None:
        """Tell WeChat that it is settled; done again it changes nothing.

        Raises ProviderUnavailable, ProviderRefused.
        """
        _check_id(complaint_id)
        answer = self._call("complaint_complete", complaint_id)
        if is_final(answer):
            # WeChat completes once: "no" may be about our own earlier attempt.
            known = self.read(complaint_id)
            if known is not None and known.state is ComplaintState.PROCESSED:
                return
        _good(answer)

    def subscribe(self, *, replace: bool) -> str:
        """The address that WeChat notifies from now on; raises as the port says."""
        asked = self._call("complaint_notification_query")
        if knows_nothing_of_it(asked):
            _good(self._call("complaint_notification_create", self._notify_url))
            return self._notify_url
        known = _good(asked).object().get("url")
        if type(known) is not str:
            raise ProviderUnavailable(reason="answer_malformed")
        if known == self._notify_url or not replace:
            return known
        _good(self._call("complaint_notification_update", self._notify_url))
        return self._notify_url

    def _listed(self, begins: str, ends: str) -> Iterator[dict[str, Any]]:
        seen: set[str] = set()  # a complaint made meanwhile shifts the pages
        for entry in _all_pages(PAGE, lambda offset: _found(self._call(
                "complaint_list_query", begins, ends, limit=PAGE, offset=offset))):
            complaint_id = str(entry.get("complaint_id"))
            if complaint_id not in seen:
                seen.add(complaint_id)
                yield entry

    def _call(self, method: str, *args: Any, **named: Any) -> Answer:
        if self._opened is None:
            self._opened = open_endpoints(self._transport, self._payee)
        return answer_of(getattr(self._opened, method)(*args, **named))


def _all_pages(size: int, page: Callable[[int], Answer]) -> Iterator[dict[str, Any]]:
    """Every entry of a list that is read in pages of `size`; raises ProviderUnavailable."""
    for number in range(MOST_PAGES):
        entries = page(number * size).object().get("data", [])
        if type(entries) is not list or not all(type(entry) is dict for entry in entries):
            raise ProviderUnavailable(reason="answer_malformed")
        yield from entries
        if len(entries) < size:
            return
    raise ProviderUnavailable(reason="list_without_end")


def _fact(complaint: dict[str, Any]) -> ComplaintFact:
    try:
        return complaint_fact(complaint)
    except Rejected as rejected:
        raise ProviderUnavailable(reason=f"answer_{rejected.reason.value}") from None


def _found(answer: Answer) -> Answer:
    """What was asked for; a timer's own question is never refused for good."""
    if answer.status != 200:
        raise unavailable(answer)
    return answer


def _good(answer: Answer) -> Answer:
    """The answer, if it is no refusal; raises ProviderRefused, ProviderUnavailable."""
    if answer.status in (200, 204):
        return answer
    raise refused(answer) if is_final(answer) else unavailable(answer)


def _check_id(complaint_id: str) -> None:
    if COMPLAINT_ID.fullmatch(complaint_id) is None:
        raise ProviderRefused(reason="complaint_id_malformed")

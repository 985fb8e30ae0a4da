"""The one way out to WeChat Pay: signs, sends, verifies the answer, repeats where allowed.

What comes back from `call` was signed by WeChat within five minutes, whatever its status.
All else (no answer, a wrong signature, WeChat's own troubles) means that the outcome is
unknown, which is never the same as "no".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared import strict_json
from shared.adapters.wechatpay.http_client import NoAnswer, Outgoing, RawAnswer
from shared.adapters.wechatpay.reasons import Rejected
from shared.errors import ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.adapters.wechatpay.http_client import HttpClient
    from shared.adapters.wechatpay.signer import RequestSigner
    from shared.adapters.wechatpay.verifier import SignatureVerifier
    from shared.deadline import Deadline
    from shared.ports import Clock, FactLog

MOST_ATTEMPTS = 3
CALL_BUDGET_MS = 6_000
FIRST_PAUSE_MS = 150
LARGEST_ANSWER = 256 * 1024
USER_AGENT = "Tongbao/0.1"
TARGET = re.compile(r"/v3(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-F]{2})+)+"
                    r"(?:\?(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-F]{2})*)?")
"""Targets that no HTTP library rewrites: what is signed must be what is sent."""
FINAL_DESPITE_500 = frozenset({"INVALIDTRANSACTIONID", "OPENIDMISMATCH"})
SIGN_ERROR = "SIGNERROR"
_CODE = re.compile(r"[A-Z0-9_]{1,64}")


@dataclass(frozen=True)
class Call:
    """One request. `operation` names it in the log, where the target would tell too much.

    `repeatable`: sending it twice does the same as once. `unsigned_answer`: only for bill
    files, which WeChat does not sign (their hash was signed before).
    """

    operation: str
    method: str
    target: str
    body: bytes = b""
    repeatable: bool = True
    unsigned_answer: bool = False
    largest_answer: int = LARGEST_ANSWER


@dataclass(frozen=True)
class Answer:
    """A verified answer. `code` and `sub_code` are WeChat's, None where there are none."""

    status: int
    body: bytes
    content_type: str = ""
    code: str | None = None
    sub_code: str | None = None

    @property
    def plain_code(self) -> str:
        """The code for comparing: WeChat spells one code with and without underscores."""
        return (self.code or "").replace("_", "")

    def object(self) -> dict[str, Any]:
        """The body as a JSON object; raises ProviderUnavailable when it is none."""
        try:
            return strict_json.loads_object(self.body, max_bytes=LARGEST_ANSWER)
        except strict_json.InvalidJson:
            raise ProviderUnavailable(reason="answer_malformed") from None


@dataclass(frozen=True)
class _Outcome:
    """One attempt: its answer if verified, and why it does not decide the call if so."""

    answer: Answer | None
    setback: str | None = None
    sign_error: bool = False


class Transport:
    """Calls WeChat Pay for one merchant.

    `public_key_id` (PUB_KEY_ID_…) asks WeChat to sign its answers with that key; None while
    a merchant still uses platform certificates. `random_token()` gives 32 random hex digits.
    """

    def __init__(self, *, http: HttpClient, signer: RequestSigner, verifier: SignatureVerifier,
                 clock: Clock, deadline: Deadline, log: FactLog,
                 random_token: Callable[[], str], public_key_id: str | None = None) -> None:
        self._http = http
        self._signer = signer
        self._verifier = verifier
        self._clock = clock
        self._deadline = deadline
        self._log = log
        self._public_key_id = public_key_id
        self._random_token = random_token
        self.clock_skew_s: int | None = None
        """Our clock minus WeChat's at the last answer; None before the first."""

    @property
    def base_url(self) -> str:
        """Scheme and host that every call goes to."""
        return self._http.base_url

    def call(self, call: Call) -> Answer:
        """The verified, decided answer; every attempt is signed anew over the same bytes.

        Raises ProviderUnavailable while the outcome is unknown, ValueError for a target that
        could be sent in another form than it was signed.
        """
        if TARGET.fullmatch(call.target) is None or "/." in call.target:
            raise ValueError("the target is not in its canonical form")
        budget_ms = min(CALL_BUDGET_MS, self._deadline.remaining_ms())
        ends_at_ms = self._clock.monotonic_ms() + budget_ms
        signed_anew = False
        attempt = 0
        while True:
            attempt += 1
            outcome = self._attempt(call, attempt, ends_at_ms)
            if outcome.sign_error and not signed_anew:
                again, signed_anew = True, True
            elif outcome.answer is not None and outcome.setback is None:
                return outcome.answer
            else:
                again = call.repeatable and attempt < MOST_ATTEMPTS
            if not (again and self._pause(attempt, ends_at_ms)):
                return _settled(outcome)

    def close(self) -> None:
        """Close the kept connection."""
        self._http.close()

    def _attempt(self, call: Call, attempt: int, ends_at_ms: int) -> _Outcome:
        began_ms = self._clock.monotonic_ms()
        raw: RawAnswer | None = None
        try:
            raw = self._http.exchange(self._outgoing(call), ends_at_ms)
            outcome = self._judge(call, raw)
        except NoAnswer as error:
            outcome = _Outcome(None, error.reason)
        self._log.fact(
            "wechatpay.called", operation=call.operation, attempt=attempt,
            outcome=outcome.setback or "decided", skew_s=self.clock_skew_s,
            status=raw.status if raw else None,
            code=outcome.answer.code if outcome.answer else None,
            duration_ms=self._clock.monotonic_ms() - began_ms,
            wechat_request_id=raw.headers.get("request-id") if raw else None)
        return outcome

    def _outgoing(self, call: Call) -> Outgoing:
        headers = {
            "Authorization": self._signer.authorization(
                call.method, call.target, call.body,
                timestamp_s=self._clock.now_s(), nonce=self._random_token()),
            "Accept": "application/json", "User-Agent": USER_AGENT}
        if call.body:
            headers["Content-Type"] = "application/json"
        if self._public_key_id is not None:
            headers["Wechatpay-Serial"] = self._public_key_id
        return Outgoing(call.method, call.target, headers, call.body, call.largest_answer)

    def _judge(self, call: Call, raw: RawAnswer) -> _Outcome:
        """What one answer is worth."""
        now_s = self._clock.now_s()
        self.clock_skew_s = _skew_s(raw.headers.get("date"), now_s)
        answer = _answer(raw)
        sign_error = raw.status == 401 and answer.plain_code == SIGN_ERROR
        if not (call.unsigned_answer and raw.status == 200):
            try:
                self._verifier.verify(raw.headers, raw.body, now_s)
            except Rejected as rejected:
                return _Outcome(None, f"answer_{rejected.reason.value}", sign_error)
        return _Outcome(answer, _setback(answer), sign_error)

    def _pause(self, attempt: int, ends_at_ms: int) -> bool:
        """Wait before the next attempt, half of it by chance; False when time is too short."""
        longest_ms = FIRST_PAUSE_MS << (attempt - 1)
        chance = int(self._random_token()[:2], 16)
        pause_ms = longest_ms // 2 + longest_ms * chance // 512
        if self._clock.monotonic_ms() + pause_ms >= ends_at_ms:
            return False
        self._clock.sleep_ms(pause_ms)
        return True


def _settled(outcome: _Outcome) -> Answer:
    """What remains when no attempt is left: WeChat's verified word, or not knowing."""
    if outcome.answer is not None and outcome.setback is None:
        return outcome.answer
    raise ProviderUnavailable(reason=outcome.setback, retry_after_s=2)


def _answer(raw: RawAnswer) -> Answer:
    code = None
    if raw.status >= 400:
        try:
            value = strict_json.loads_object(raw.body).get("code")
        except strict_json.InvalidJson:
            value = None
        if type(value) is str and _CODE.fullmatch(value):
            code = value
    # WeChat's support pages decode the number after the last dash (Request-Id, unsigned).
    sub_code = raw.headers.get("request-id", "").rpartition("-")[2]
    return Answer(raw.status, raw.body, raw.headers.get("content-type", ""), code,
                  sub_code if sub_code.isascii() and sub_code.isdigit() else None)


def _setback(answer: Answer) -> str | None:
    """Why a verified answer does not decide: it is WeChat's trouble, not our request's."""
    if answer.status in (202, 429) or 300 <= answer.status < 400:
        return answer.code or f"status_{answer.status}"
    if answer.status >= 500 and answer.plain_code not in FINAL_DESPITE_500:
        return answer.code or f"status_{answer.status}"
    return None


def _skew_s(date: str | None, now_s: int) -> int | None:
    if date is None:
        return None
    from email.utils import parsedate_to_datetime  # loaded by urllib3 anyway
    try:
        return now_s - int(parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None

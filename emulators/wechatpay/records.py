"""What the emulator remembers, one dataclass a table; the first field is the key."""

from __future__ import annotations

from dataclasses import dataclass, field

JsonObject = dict[str, object]


@dataclass
class Order:
    """A Native order. ``request`` is the create body as first sent, for the re-create rule."""

    out_trade_no: str
    request: JsonObject
    total_fen: int
    notify_url: str
    code_url: str
    code_url_made_at_s: int
    created_at_s: int
    expires_at_s: int
    trade_state: str = "NOTPAY"
    transaction_id: str | None = None
    paid_at_s: int | None = None
    payer_openid: str | None = None
    coupon_fen: int = 0
    scanned_by: str | None = None

    @property
    def payer_total_fen(self) -> int:
        """What the payer's own money covered: the total less the coupon."""
        return self.total_fen - self.coupon_fen

    def text(self, name: str) -> str:
        """A text field of the create body, empty when it was not sent."""
        return str(self.request.get(name, ""))


@dataclass
class Refund:
    """One refund of one order. ``status`` is PROCESSING, SUCCESS, CLOSED or ABNORMAL."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    request: JsonObject
    refund_fen: int
    notify_url: str
    created_at_s: int
    settles_at_ms: int
    status: str = "PROCESSING"
    success_at_s: int | None = None
    channel: str = "ORIGINAL"
    received_account: str = "支付用户零钱"


@dataclass
class Complaint:
    """A buyer's complaint about one paid order. ``state`` is PENDING, PROCESSING or PROCESSED;
    ``refund_decision`` is APPROVE, REJECT or empty; ``times`` counts filings of the same one."""

    complaint_id: str
    out_trade_no: str
    transaction_id: str
    amount_fen: int
    problem_type: str
    detail: str
    payer_openid: str
    payer_phone: str
    apply_refund_fen: int
    created_at_s: int
    state: str = "PENDING"
    times: int = 1
    incoming_user_response: bool = False
    refund_decision: str = ""


@dataclass
class ComplaintEntry:
    """One line of a complaint's negotiation history."""

    seq: int
    log_id: str
    complaint_id: str
    operator: str
    operate_type: str
    operate_details: str
    at_s: int
    image_list: list[str] = field(default_factory=list)


@dataclass
class ComplaintUrl:
    """Where complaint notifies of the merchant go."""

    mchid: str
    url: str


@dataclass
class BurnedNumber:
    """An out_trade_no that was closed before it was ever created."""

    out_trade_no: str
    closed_at_s: int


@dataclass
class Notify:
    """One thing WeChat has to tell the merchant. ``state``: due, sending, held, delivered,
    given_up or lost. ``sent`` counts tries; ``due_at_ms`` is business time."""

    seq: int
    notify_id: str
    event_type: str
    summary: str
    original_type: str
    out_trade_no: str
    url: str
    plaintext: JsonObject
    created_at_s: int
    due_at_ms: int
    state: str = "due"
    sent: int = 0


@dataclass
class NotifyAttempt:
    """One POST to the merchant, exactly as sent. ``status`` is None when no answer came."""

    seq: int
    notify_seq: int
    event_type: str
    out_trade_no: str
    url: str
    sent_at_s: int
    headers: dict[str, str]
    body: bytes
    status: int | None
    error: str | None
    faults: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Only the status counts: WeChat never reads the body of an answer."""
        return self.status in (200, 204)


@dataclass
class RequestRecord:
    """One call of the merchant. ``status`` is None when the connection was dropped."""

    seq: int
    at_s: int
    endpoint: str | None
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int | None
    code: str | None
    sub_code: int
    faults: list[str] = field(default_factory=list)


@dataclass
class BillFile:
    """A bill that was applied for, frozen so that its hash stays true. ``filler_bytes`` follow
    ``content`` without being kept: they are what a bomb consists of."""

    token: str
    made_at_s: int
    gzipped: bool
    content: bytes
    filler_bytes: int = 0


@dataclass
class Fact:
    """A single remembered number: the clock's advance, the balance correction."""

    name: str
    value: int

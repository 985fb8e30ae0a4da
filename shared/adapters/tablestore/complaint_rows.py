"""A complaint as one row of `complaints`: nothing personal, see `shared.domain.complaint`. Pure.

What it is about is written once, by `new_row`; what became of it is written by `changes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, RowReader, canonical_json
from shared.adapters.tablestore.history_columns import history_columns, read_history
from shared.adapters.tablestore.json_columns import check_names
from shared.adapters.tablestore.tables import COMPLAINTS, spread
from shared.adapters.tablestore.writers import VERSION
from shared.domain.complaint import Complaint, ComplaintState
from shared.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.cells import Key

SCHEMA = 1
ASKED = ("asked_refund_minor", "asked_refund_currency")
ANSWERED = "answered_at_s"


def key_of(provider: str, complaint_id: str) -> Key:
    """Where the complaint is."""
    return COMPLAINTS.row(spread(f"{provider}:{complaint_id}"))


def new_row(complaint: Complaint) -> dict[str, Cell]:
    """All columns of a new one."""
    columns: dict[str, Cell] = {
        "schema": SCHEMA, "provider": complaint.provider,
        "complaint_id": complaint.complaint_id,
        "order_ids": canonical_json(list(complaint.order_ids)),
        "complained_at_s": complaint.complained_at_s, "problem_type": complaint.problem_type}
    if complaint.asked_refund is not None:
        columns.update(zip(ASKED, (
            complaint.asked_refund.amount_minor, complaint.asked_refund.currency), strict=True))
    return {**columns, **changes(complaint)}


def changes(complaint: Complaint) -> dict[str, Cell]:
    """The columns that may differ from the version before."""
    columns: dict[str, Cell] = {
        "state": complaint.state.value, "answer_by_s": complaint.answer_by_s,
        "user_complaint_times": complaint.user_complaint_times,
        "is_fully_refunded": int(complaint.is_fully_refunded),
        **history_columns(complaint.history)}
    if complaint.answered_at_s is not None:
        columns[ANSWERED] = complaint.answered_at_s
    return columns


def removed(complaint: Complaint) -> tuple[str, ...]:
    """The columns that this version does not have: who complains again waits for an answer."""
    return (ANSWERED,) if complaint.answered_at_s is None else ()


def read_complaint(key: Key, columns: Mapping[str, object]) -> Complaint:
    """The complaint of a row; raises CorruptRow for any row that we did not write."""
    reader = RowReader(key, columns)
    if reader.integer("schema") != SCHEMA:
        raise reader.corrupt("schema")
    try:
        complaint = _complaint(reader)
    except ValueError:
        raise reader.corrupt("a value out of its range") from None
    if key_of(complaint.provider, complaint.complaint_id) != key:
        raise reader.corrupt("p")
    return complaint


def _complaint(reader: RowReader) -> Complaint:
    text, integer = reader.text, reader.integer
    asked = (Money(integer(ASKED[0]), text(ASKED[1]))
             if reader.has_all_or_none(ASKED) else None)
    return Complaint(
        provider=text("provider"), complaint_id=text("complaint_id"),
        state=ComplaintState(text("state")),
        order_ids=check_names(reader, "order_ids", reader.json("order_ids")),
        complained_at_s=integer("complained_at_s"), answer_by_s=integer("answer_by_s"),
        problem_type=text("problem_type"),
        user_complaint_times=integer("user_complaint_times"),
        is_fully_refunded=reader.flag("is_fully_refunded"), asked_refund=asked,
        history=read_history(reader), answered_at_s=reader.optional_integer(ANSWERED),
        version=integer(VERSION))

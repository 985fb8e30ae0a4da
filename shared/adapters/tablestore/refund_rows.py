"""What an order's row holds of refunds: r0001, r0002, …, its holds, and the policy agreed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, canonical_json, numbered
from shared.adapters.tablestore.json_columns import NONE, check_names, read_record
from shared.domain.money import Money
from shared.domain.refund import Refund, RefundOrigin, RefundState
from shared.domain.refund_policy import RefundPolicy

if TYPE_CHECKING:
    from shared.adapters.tablestore.cells import RowReader

REFUND = "r"
HOLDS = "holds"
POLICY = "refund_policy"

REFUND_FIELDS = {
    "refund_id": (str,), "out_refund_no": (str,), "amount_minor": (int,), "currency": (str,),
    "state": (str,), "origin": (str,), "requested_by": (str,), "requested_at_s": (int,),
    "provider_request": (str,), "provider_refund_id": (str, NONE),
    "settled_at_s": (int, NONE), "billed_on": (str, NONE)}
POLICY_FIELDS = {
    "window_days": (int,), "only_if_never_activated": (bool,), "most_per_payer": (int, NONE),
    "approval_above_minor": (int, NONE)}


def refund_columns(refunds: tuple[Refund, ...]) -> dict[str, Cell]:
    """One column for each. An order never loses a refund, so none is ever removed."""
    return {numbered(REFUND, place): _text(refund) for place, refund in enumerate(refunds, 1)}


def read_refunds(reader: RowReader) -> tuple[Refund, ...]:
    """The refunds of a row; raises CorruptRow, and ValueError for a value out of its range."""
    return tuple(_read(reader, name) for name in reader.numbered(REFUND))


def hold_columns(holds: tuple[str, ...]) -> dict[str, Cell]:
    """Why the license is held back; no column when it is not."""
    return {HOLDS: canonical_json(list(holds))} if holds else {}


def read_holds(reader: RowReader) -> tuple[str, ...]:
    """The holds of a row."""
    if HOLDS not in reader.columns:
        return ()
    holds = check_names(reader, HOLDS, reader.json(HOLDS))
    if not holds:
        raise reader.corrupt(HOLDS)
    return holds


def policy_columns(policy: RefundPolicy | None) -> dict[str, Cell]:
    """The policy that was agreed; no column when there was none."""
    if policy is None:
        return {}
    return {POLICY: canonical_json({
        "window_days": policy.window_days,
        "only_if_never_activated": policy.only_if_never_activated,
        "most_per_payer": policy.most_per_payer,
        "approval_above_minor": policy.approval_above_minor})}


def read_policy(reader: RowReader) -> RefundPolicy | None:
    """The policy of a row."""
    if POLICY not in reader.columns:
        return None
    return RefundPolicy(**read_record(reader, POLICY, POLICY_FIELDS))


def _text(refund: Refund) -> str:
    return canonical_json({
        "refund_id": refund.refund_id, "out_refund_no": refund.out_refund_no,
        "amount_minor": refund.amount.amount_minor, "currency": refund.amount.currency,
        "state": refund.state.value, "origin": refund.origin.value,
        "requested_by": refund.requested_by, "requested_at_s": refund.requested_at_s,
        "provider_request": refund.provider_request,
        "provider_refund_id": refund.provider_refund_id,
        "settled_at_s": refund.settled_at_s, "billed_on": refund.billed_on})


def _read(reader: RowReader, column: str) -> Refund:
    raw = read_record(reader, column, REFUND_FIELDS)
    amount = Money(raw.pop("amount_minor"), raw.pop("currency"))
    return Refund(amount=amount, state=RefundState(raw.pop("state")),
                  origin=RefundOrigin(raw.pop("origin")), **raw)

"""admin: what operators do. No trigger leads here; it takes the right to invoke the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared import bootstrap
from shared.http import operator_contract as wanted
from shared.http.operator_answers import (
    buyer_view,
    complaint_view,
    held_view,
    license_view,
    order_view,
    reconciliation_view,
)
from shared.use_cases import operate, watch_complaint

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.http.operator_app import OperatorApp
    from shared.use_cases.operate import OperatorDesk


def initialize(context: object) -> None:
    """Build everything before the first call (Function Compute's initializer)."""
    bootstrap.admin_app(acts)


def handler(event: bytes, context: object) -> dict[str, Any]:
    """Do one act."""
    app: OperatorApp = bootstrap.admin_app(acts)
    return app(event, context)


def acts(desk: OperatorDesk) -> dict[type[wanted.Act], Callable[[Any], dict[str, Any]]]:
    """What each act does and shows."""
    return {
        wanted.ShowOrder: lambda it: order_view(*operate.show_order(it.order, desk)),
        wanted.RefundOrder: lambda it: order_view(operate.refund_order(
            it.order, operate.RefundWish(it.key, it.amount_minor), desk, name=it.actor)),
        wanted.ApproveRefund: lambda it: order_view(operate.approve_refund(
            it.order, it.refund_id, desk, name=it.actor)),
        wanted.DeclineRefund: lambda it: order_view(operate.decline_refund(
            it.order, it.refund_id, it.reason, desk, name=it.actor)),
        wanted.HoldLicense: lambda it: order_view(operate.hold_license(
            it.order, desk, name=it.actor)),
        wanted.ReleaseLicense: lambda it: order_view(operate.release_license(
            it.order, it.hold, desk, name=it.actor)),
        wanted.GiveDays: lambda it: license_view(operate.give_days(
            it.order, it.term_days, it.key, desk, name=it.actor)),
        wanted.RemoveDevice: lambda it: license_view(operate.remove_device(
            it.order, it.device_id, desk, name=it.actor)),
        wanted.ExportBuyer: lambda it: buyer_view(operate.export_buyer(it.order, desk)),
        wanted.EraseBuyer: lambda it: order_view(operate.erase_buyer(
            it.order, desk, name=it.actor)),
        **_acts_on_held(desk), **_acts_on_complaints(desk),
        wanted.ReconcileDay: lambda it: {"reconciliation": reconciliation_view(
            operate.reconcile(it.day, desk, name=it.actor))},
        wanted.CountDue: lambda _: {"due": operate.count_due(desk)}}


def _acts_on_held(desk: OperatorDesk) -> dict[
        type[wanted.Act], Callable[[Any], dict[str, Any]]]:
    def resolve(it: wanted.ResolveHeld) -> dict[str, Any]:
        if it.reason is None:
            held = operate.refund_held(it.transaction_id, desk, name=it.actor)
        else:
            held = operate.dismiss_held(it.transaction_id, it.reason, desk, name=it.actor)
        return {"held": [held_view(held)]}

    return {
        wanted.ListHeld: lambda it: {"held": [
            held_view(held) for held in operate.list_held(desk, settled=it.settled)]},
        wanted.ResolveHeld: resolve}


def _acts_on_complaints(desk: OperatorDesk) -> dict[
        type[wanted.Act], Callable[[Any], dict[str, Any]]]:
    room = desk.complaints

    def show(it: wanted.ShowComplaint) -> dict[str, Any]:
        stored = watch_complaint.load_complaint(it.complaint_id, room)
        return {"complaints": [complaint_view(stored)],
                "provider": room.desk.show(it.complaint_id)}

    return {
        wanted.ListComplaints: lambda it: {"complaints": [
            complaint_view(complaint)
            for complaint in operate.list_complaints(desk, settled=it.settled)]},
        wanted.ShowComplaint: show,
        wanted.AnswerComplaint: lambda it: {"complaints": [complaint_view(
            watch_complaint.answer_complaint(
                it.complaint_id, it.text, room, actor=operate.actor_of(it.actor)))]},
        wanted.SubscribeToComplaints: lambda it: {
            "notified": room.desk.subscribe(replace=it.replace)},
        wanted.CompleteComplaint: lambda it: {"complaints": [complaint_view(
            watch_complaint.complete_complaint(
                it.complaint_id, room, actor=operate.actor_of(it.actor)))]}}

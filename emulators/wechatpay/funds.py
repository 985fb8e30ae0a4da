"""The merchant's money: fees, ledger, balance, and what a refund takes from it. All in fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulators.wechatpay.context import Context
    from emulators.wechatpay.records import Order, Refund

CORRECTION = "balance_correction_fen"


@dataclass(frozen=True)
class Entry:
    """One movement on the basic account. ``kind``: payment, fee or refund; ``change_fen`` is
    signed; ``fee_fen`` is the fee a refund gives back."""

    at_s: int
    kind: str
    order: Order
    change_fen: int
    refund: Refund | None = None
    fee_fen: int = 0


def fee_on(ctx: Context, amount_fen: int) -> int:
    """WeChat's fee on an amount, to the nearest fen."""
    return (amount_fen * ctx.settings.fee_per_ten_thousand + 5000) // 10000


def ledger(ctx: Context) -> list[Entry]:
    """Every movement, oldest first."""
    entries = [entry for order in ctx.store.orders.where() if order.paid_at_s is not None
               for entry in _order_entries(ctx, order, order.paid_at_s)]
    return sorted(entries, key=lambda each: each.at_s)


def _order_entries(ctx: Context, order: Order, paid_at_s: int) -> list[Entry]:
    entries = [Entry(paid_at_s, "payment", order, order.total_fen)]
    fee = fee_on(ctx, order.total_fen)
    if fee:
        entries.append(Entry(paid_at_s, "fee", order, -fee))
    left_fen = order.total_fen
    for refund in counted_refunds(ctx, order):
        returned = _returned_fee(ctx, left_fen, refund.refund_fen)
        entries.append(Entry(refund.created_at_s, "refund", order,
                             returned - refund.refund_fen, refund, returned))
        left_fen -= refund.refund_fen
    return entries


def counted_refunds(ctx: Context, order: Order) -> list[Refund]:
    """The order's refunds that took money: all but the closed ones."""
    return [each for each in ctx.store.refunds.where(out_trade_no=order.out_trade_no)
            if each.status != "CLOSED"]


def refunded_fen(ctx: Context, order: Order, *, settled: bool, since_s: int = 0) -> int:
    """What was refunded since then: applied for and not closed, or ``settled``: arrived."""
    return sum(each.refund_fen for each in counted_refunds(ctx, order)
               if each.created_at_s >= since_s and (each.status == "SUCCESS" or not settled))


def _returned_fee(ctx: Context, left_fen: int, refund_fen: int) -> int:
    """The part of the fee WeChat gives back; over all partial refunds it is the whole fee."""
    return fee_on(ctx, left_fen) - fee_on(ctx, left_fen - refund_fen)


def cost_of_refund(ctx: Context, order: Order, refund_fen: int) -> int:
    """What the next refund of this size takes from the merchant: amount less returned fee."""
    left_fen = order.total_fen - sum(each.refund_fen for each in counted_refunds(ctx, order))
    return refund_fen - _returned_fee(ctx, left_fen, refund_fen)


def opening_fen(ctx: Context) -> int:
    """The balance before the first order, corrected by ``set_balance_fen``."""
    return ctx.settings.opening_balance_fen + ctx.store.fact(CORRECTION)


def balance_fen(ctx: Context) -> int:
    """What the merchant can spend now: the ledger's sum, which is of every order what refunds
    left of it, less the fee on that."""
    left = ctx.store.database.query(
        "SELECT total_fen - coalesce(sum(refund_fen), 0) FROM orders LEFT JOIN refunds "
        "ON refunds.out_trade_no = orders.out_trade_no AND refunds.status <> 'CLOSED' "
        "WHERE paid_at_s IS NOT NULL GROUP BY orders.out_trade_no")
    return opening_fen(ctx) + sum(int(each) - fee_on(ctx, int(each)) for (each,) in left)


def set_balance_fen(ctx: Context, amount_fen: int) -> None:
    """Make the balance ``amount_fen``, as after a withdrawal or a top-up."""
    with ctx.store.database.transaction():
        correction = ctx.store.fact(CORRECTION) + amount_fen - balance_fen(ctx)
        ctx.store.set_fact(CORRECTION, correction)

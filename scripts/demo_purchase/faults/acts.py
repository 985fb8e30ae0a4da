"""The acts: each breaks one thing, waits until the product finds it, and checks the promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scripts.demo_purchase.buyer import expect
from scripts.demo_purchase.faults.stage import promised
from scripts.demo_purchase.faults.told import DAY_S, Ending, beijing_day
from scripts.demo_purchase.hops import BEGIN, END, TABLESTORE, WECHAT_PAY, Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.demo_purchase.faults.stage import Sale, Seen, Stage

LATEST_FOUND_S = 300
"""docs/reliability.md: a payment that nobody tells of is found within one step of the timer."""
WECHAT_REPEATS_S = 15
FIRST_WEEK_DAYS = 3 + 14
"""Lease and grace of a license that was paid less than a week ago."""
REFUND_TAKES_S = 60


def lose_every_notify(stage: Stage) -> Ending:
    """Nobody tells: the timer must ask."""
    stage.teller.act("Every notify is lost, and the buyer closed the page",
                     "The timer asks WeChat Pay on a schedule: found at most 5 minutes later.")
    stage.lose_notifies()
    sale = stage.place()
    stage.pay(sale)
    stage.teller.happened("fault", "loses the notify; page closed")
    paid = _wait_for_timer(stage, sale)
    seen = stage.seen(sale)
    found_s = paid["at_s"] - seen.order["payment"]["paid_at_s"]
    promised((paid["function"], paid["source"]) == ("timers", "query"), "the timer found it")
    promised(found_s <= LATEST_FOUND_S, f"found within {LATEST_FOUND_S} s, not {found_s} s")
    promised(stage.notify_statuses(sale) == [], "no notify arrived")
    stage.teller.happened("buyer", "opens the page again")
    stage.claim(sale)
    return _ending(stage, sale, "every notify lost", ("the timer", found_s))


def crash_after_the_write(stage: Stage) -> Ending:
    """The payment is written; the instance dies before it can say so."""
    stage.teller.act("The function dies after writing the payment, before answering",
                     "WeChat Pay hears no 200 and repeats its notify; nothing is done twice.")
    stage.stack.wechatpay.clear_faults()
    sale = stage.place()
    written = Moment(END, TABLESTORE, "UpdateRow orders")
    stage.stack.hops.once(written, lambda: stage.stack.kill("notify"))
    stage.pay(sale)
    stage.wait_until(lambda: len(stage.notify_statuses(sale)) == 1, "a first notify")
    stage.teller.happened("notify", "writes the payment to Tablestore")
    stage.teller.happened("fault", "kills it before it answers",
                          f"WeChat Pay gets {stage.notify_statuses(sale)[0]}")
    before = stage.seen(sale)
    promised(before.order["state"] == "paid", "what was written stays written")
    crashed_s = stage.now_s()
    stage.move_on(crashed_s + WECHAT_REPEATS_S)
    stage.wait_until(lambda: len(stage.notify_statuses(sale)) == 2, "the notify is repeated")
    stage.teller.happened("WeChat Pay", "sends the notify again")
    statuses = stage.notify_statuses(sale)
    promised(statuses == [502, 200], f"first 502, then 200, not {statuses}")
    stage.teller.happened("notify", "finds it in the books already", "200", "green")
    stage.claim(sale)
    promised(stage.seen(sale).order["history"] == before.order["history"],
             "the second notify changes nothing")
    repeated_s = stage.now_s() - before.order["payment"]["paid_at_s"]
    return _ending(stage, sale, "dies before answering",
                   ("the repeated notify", repeated_s))


def refund_in_the_console(stage: Stage) -> Ending:
    """Somebody refunds in WeChat's merchant console; no notify is sent to anybody."""
    stage.teller.act("A refund is made in WeChat's merchant console",
                     "WeChat tells nobody. The next day's bill is compared with the ledger, "
                     "line by line.")
    sale = stage.place()
    stage.pay(sale)
    stage.wait_until(lambda: stage.notify_statuses(sale) == [200], "the notify is accepted")
    stage.teller.happened("notify", "books the payment", "200", "green")
    lease = stage.claim(sale)
    refund = stage.stack.wechatpay.console_refund(sale.out_trade_no)
    refunded_s = stage.now_s()
    stage.teller.happened("merchant", "refunds it in WeChat's console",
                          f"{refund.refund_fen / 100:.2f} CNY")
    while stage.now_s() < refunded_s + 2 * REFUND_TAKES_S:
        stage.next_minute()
    promised(stage.seen(sale).order["refunds"] == [], "nobody told us")
    promised(sale.buyer.claim(sale.order_id).status == 200, "the license is still handed out")
    stage.teller.happened("fault", "no notify: nobody tells us", "the license still works")
    promised(stage.rows_due() == 0, "the timer has no reason to look at the order again")
    stage.move_on(stage.tomorrow(10, 0, 40))
    stage.teller.happened("clock", "the next day: there is a bill")
    _reconcile(stage)
    found = _fact(stage, sale, "order.refund_found")
    promised((found["function"], found["source"]) == ("timers", "bill"), "the bill found it")
    refused = sale.buyer.claim(sale.order_id)
    promised(refused.error_code == "LICENSE_REVOKED", "the license is revoked")
    stage.teller.happened("license-fetch", "gives no lease any more", "LICENSE_REVOKED", "red")
    dark_s = lease.claims["exp"] + lease.claims["grc"]
    promised(dark_s - found["at_s"] <= FIRST_WEEK_DAYS * DAY_S,
             "a lease outlives the refund by 17 days at most")
    stage.teller.happened("buyer", "can use the old lease, offline",
                          f"until {beijing_day(dark_s)}")
    return _ending(stage, sale, "refund in the console",
                   ("the next day's bill", found["at_s"] - refunded_s), revoked=True)


def cancel_while_paying(stage: Stage) -> Ending:
    """The buyer pays on the phone in the moment in which the page cancels."""
    stage.teller.act("The order is cancelled in the moment in which it is paid",
                     "WeChat Pay refuses to close what is paid, and that refusal is a payment.")
    stage.lose_notifies()
    sale = stage.place()
    stage.stack.hops.once(Moment(BEGIN, WECHAT_PAY, f"{sale.out_trade_no}/close"),
                          lambda: stage.pay(sale))
    stage.teller.happened("buyer", "cancels on the page, but")
    answered = expect(sale.buyer.cancel(sale.order_id), 200)["order"]
    stage.teller.happened("fault", "loses the notify")
    promised(answered["status"] == "paid", "cancelling answers that it is paid")
    stage.teller.happened("create-order", "asks WeChat Pay to close it",
                          "ORDERPAID: booked, granted", "green")
    paid = _fact(stage, sale, "order.paid")
    promised(paid["function"] == "create-order", "the cancellation found it")
    stage.claim(sale)
    found_s = paid["at_s"] - stage.seen(sale).order["payment"]["paid_at_s"]
    return _ending(stage, sale, "paid while cancelling", ("the cancellation", found_s))


ACTS: tuple[Callable[[Stage], Ending], ...] = (
    lose_every_notify, crash_after_the_write, refund_in_the_console, cancel_while_paying)


def _wait_for_timer(stage: Stage, sale: Sale) -> dict[str, Any]:
    """The fact that tells of the payment, after as many minutes as it takes, but not more."""
    for _ in range(LATEST_FOUND_S // 60 + 1):
        looked = sum(_counts(invocation.payload).get("looked", 0)
                     for invocation in stage.next_minute())
        paid = [fact for fact in stage.facts(sale) if fact["fact"] == "order.paid"]
        if paid:
            stage.teller.happened("timer", "asks WeChat Pay for the order",
                                  "SUCCESS: booked, granted", "green")
            return paid[0]
        stage.teller.happened("timer", "runs", f"{looked or 'nothing'} due yet")
    promised(False, "the timer finds the payment")
    raise AssertionError


def _reconcile(stage: Stage) -> None:
    counted = [counts for counts in map(_counts, (each.payload for each in stage.fire_now()))
               if counts.get("job") == "bill"]
    promised(len(counted) == 1 and counted[0]["differences"] == 1,
             "the bill's timer finds the difference")
    stage.teller.happened("timer", "fetches the bill, checks its hash",
                          "a refund that we lack: booked", "green")


def _counts(payload: bytes) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads(payload)
    return counts


def _fact(stage: Stage, sale: Sale, name: str) -> dict[str, Any]:
    found = [fact for fact in stage.facts(sale) if fact["fact"] == name]
    promised(len(found) == 1, f"{name} happens once, not {len(found)} times")
    return found[0]


def _ending(stage: Stage, sale: Sale, went_wrong: str, found: tuple[str, int], *,
            revoked: bool = False) -> Ending:
    """The row of this act; raises PurchaseFailed unless money and grants are right."""
    seen = stage.seen(sale)
    at_wechat, ours = stage.money_at_wechat(sale), _our_money(seen)
    promised(at_wechat == ours, f"WeChat's money is ours: {at_wechat}, {ours}")
    promised(seen.count("paid") == 1, "one payment is booked once")
    promised(seen.grants == 1, f"one payment is one grant, not {seen.grants}")
    assert seen.license is not None
    standing = "revoked" if revoked else "active"
    promised(seen.license["standing"] == standing, f"the license is {standing}")
    paid, back = (f"{fen / 100:.2f}" for fen in ours)
    ending = Ending(went_wrong, *found, f"1, {standing}",
                    f"{paid} in" + (f", {back} out" if ours[1] else ""))
    stage.teller.ended(ending)
    return ending


def _our_money(seen: Seen) -> tuple[int, int]:
    payment = seen.order["payment"]
    return (payment["amount"]["amount_minor"],
            sum(refund["amount"]["amount_minor"] for refund in seen.order["refunds"]
                if refund["state"] == "succeeded"))

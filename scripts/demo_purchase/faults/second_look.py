"""The end of the acts: the second checker derives again what must be true, with code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.auditing import live
from scripts.auditing.access_log import read_log
from scripts.auditing.audit import audit, findings
from scripts.auditing.evidence import GRACE_S, SKEW_S, Evidence
from scripts.auditing.journal import from_emulator
from scripts.auditing.reading import read
from scripts.demo_purchase.faults.stage import promised
from scripts.demo_purchase.faults.told import MINUTE_S
from scripts.demo_purchase.stack import INSTANCE

if TYPE_CHECKING:
    from scripts.demo_purchase.faults.stage import Stage


def look_again(stage: Stage) -> tuple[int, int]:
    """How many checks had something to look at, and at how many things; all must be right."""
    for _ in range(GRACE_S // MINUTE_S + 1):
        stage.next_minute()
    key_id, key_secret = stage.stack.state.access_key
    client = live.connect({
        live.ENDPOINT: stage.stack.tablestore_url, live.INSTANCE: INSTANCE,
        live.KEY_ID: key_id, live.KEY_SECRET: key_secret})
    results = audit(Evidence(
        read(live.read_tables(client)), stage.now_s(),
        from_emulator(stage.stack.wechatpay_url), list(read_log(stage.stack.logs())),
        GRACE_S, SKEW_S))
    found = findings(results)
    promised(not found, f"the second checker finds nothing: {[each.text for each in found]}")
    asked = [result.looked_at for result in results if result.looked_at]
    return len(asked), sum(asked)

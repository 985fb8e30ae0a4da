"""What bill faults do: to the answer that tells hash and address, and to the file itself.

The endpoints in ``bills`` know nothing of faults; this works on what they answered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from emulators.wechatpay import bad_rows
from emulators.wechatpay.bill_packing import pack, sha1_of
from emulators.wechatpay.ids import HEX

if TYPE_CHECKING:
    from emulators.wechatpay.answers import Reply
    from emulators.wechatpay.context import Context
    from emulators.wechatpay.faults import Taken
    from emulators.wechatpay.records import BillFile, JsonObject

BOMB_BYTES = 210 << 20
FOREIGN_HOST = "https://bills.attacker.example"
GARBAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
PREFIX = "bill_"


def spoil(ctx: Context, target: str, reply: Reply, faults: Taken) -> Reply:
    """The reply of a bill call as its faults leave it; a refusal stays a refusal."""
    if reply.status != 200 or not any(kind.startswith(PREFIX) for kind in faults.kinds):
        return reply
    if reply.document is None:
        return _spoil_download(_bill(ctx, target), reply, faults)
    with ctx.store.database.transaction():
        document = _spoil_application(ctx, reply.document, faults)
    return replace(reply, document=document)


def _bill(ctx: Context, url: str) -> BillFile:
    bill = ctx.store.bills.get(parse_qs(urlsplit(url).query)["token"][0])
    assert bill is not None
    return bill


def _spoil_application(ctx: Context, document: JsonObject, faults: Taken) -> JsonObject:
    """``document`` with the hash of the spoilt file, unless the fault is in the hash."""
    url = str(document["download_url"])
    bill = _bill(ctx, url)
    for kind in bad_rows.KINDS:
        fault = faults.get(kind)
        if fault is not None:
            bill.content = bad_rows.rewritten(bill.content, fault)
    hash_value = sha1_of(bill.content)
    bomb = faults.get("bill_bomb")
    if bomb is not None and bill.gzipped:
        bill.filler_bytes = int(bomb.number("size_bytes", BOMB_BYTES))
        if bomb.flag("true_hash"):
            hash_value = sha1_of(bill.content, bill.filler_bytes)
    if "bill_wrong_hash" in faults:
        hash_value = ctx.ids.text(40, HEX.lower())
    foreign = faults.get("bill_foreign_host")
    if foreign is not None:
        base_url = foreign.text("base_url", FOREIGN_HOST)
        url = base_url.rstrip("/") + url.removeprefix(ctx.base_url)
    ctx.store.bills.put(bill)
    return {**document, "hash_value": hash_value, "download_url": url}


def _spoil_download(bill: BillFile, reply: Reply, faults: Taken) -> Reply:
    garbage = faults.get("bill_garbage")
    if garbage is not None:
        return replace(reply, content=garbage.text("body", GARBAGE).encode(),
                       content_type="text/html")
    if "bill_not_gzip" in faults:
        return replace(reply, content=bill.content)
    truncated = faults.get("bill_truncated")
    if truncated is None:
        return reply
    whole = reply.content if truncated.flag("packed") else bill.content
    part = whole[:int(truncated.number("keep", len(whole) // 2))]
    if bill.gzipped and not truncated.flag("packed"):
        part = pack(part)
    return replace(reply, content=part)

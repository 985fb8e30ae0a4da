"""scripts/audit over Tablestore itself, a dump, bills and log files."""

from __future__ import annotations

import gzip
import json
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import pytest
from tablestore import Condition, OTSClient, Row, RowExistenceExpectation

from emulators.tablestore import TablestoreEmulator
from scripts.auditing import live
from scripts.auditing.__main__ import main
from scripts.auditing.journal import UnreadableJournal, from_bills, from_records
from scripts.create_tables import main as create_tables
from shared.adapters.system import SystemClock
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.adapters.tablestore.credentials import EnvironmentCredentials
from shared.adapters.tablestore.licenses import TablestoreLicenses
from shared.adapters.tablestore.orders import TablestoreOrders
from shared.adapters.tablestore.row_store import RowStore
from shared.deadline import Deadline
from tests.audit.town import Town, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY_ID, KEY_SECRET, INSTANCE = "test-key-id", "test-key-secret", "tongbao-test"
COLUMNS = ("交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易状态,货币种类,订单金额,"
           "商户退款单号,申请退款金额,退款状态")
SUM = "总交易单数,应结订单总金额"


@pytest.fixture(scope="module")
def clean() -> Town:
    return build()


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    with TablestoreEmulator(access_key_id=KEY_ID, access_key_secret=KEY_SECRET,
                            instance=INSTANCE) as store, store.serve() as serving:
        yield {live.ENDPOINT: serving.endpoint, live.INSTANCE: INSTANCE, live.KEY_ID: KEY_ID,
               live.KEY_SECRET: KEY_SECRET}


def put_rows(environ: dict[str, str], rows: dict[str, list[dict[str, Any]]]) -> None:
    """As they are, with the SDK alone."""
    client = OTSClient(environ[live.ENDPOINT], KEY_ID, KEY_SECRET, INSTANCE,
                       enable_native=False)
    for table, found in rows.items():
        keys = [name for name, _ in client.describe_table(
            table).table_meta.schema_of_primary_key]
        for row in found:
            client.put_row(table, Row(
                [(name, row[name]) for name in keys],
                [(name, value) for name, value in row.items() if name not in keys]),
                Condition(RowExistenceExpectation.IGNORE))
    client.connection.pool.clear()


def run(arguments: list[str], environ: dict[str, str]) -> int:
    return main(arguments, environ, sleep=lambda _: None)


def test_a_live_instance_is_audited_dumped_and_anchored(
        environ: dict[str, str], clean: Town, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    assert create_tables([], environ) == 0
    put_rows(environ, clean.rows)
    given = ["--now", str(clean.now_s), "--anchors", str(tmp_path / "anchors"),
             "--dump", str(tmp_path / "rows.jsonl")]
    assert run(given, environ) == 0
    assert list((tmp_path / "anchors").glob("*.anchors"))
    assert "every history leads to its head" in capsys.readouterr().out
    again = live.load(tmp_path / "rows.jsonl")
    assert {name: len(rows) for name, rows in again.items()} == {
        name: len(rows) for name, rows in clean.rows.items()}

    put_rows(environ, {"orders": [dict(clean.order("paid"), state="refunded")]})
    assert run(given, environ) == 1
    assert f"replay: {clean.orders['paid']}" in capsys.readouterr().out


def test_rows_written_by_the_product_are_read(environ: dict[str, str], clean: Town) -> None:
    assert create_tables([], environ) == 0
    clock = SystemClock()
    deadline = Deadline(clock, 60_000)
    client = TablestoreClient(Instance(environ[live.ENDPOINT], INSTANCE),
                              EnvironmentCredentials(environ), deadline)
    store = RowStore(client, clock, deadline, SystemRandom())
    orders = TablestoreOrders(store)
    licenses = TablestoreLicenses(store)
    for order in clean.world.orders.all():
        orders.create(order, clean.now_s + 60)
    for license_ in clean.world.licenses.all():
        licenses.create(license_)
    client.close()
    reader = live.connect(environ)
    rows = live.read_tables(reader)
    reader.connection.pool.clear()
    assert len(rows["orders"]) == len(clean.rows["orders"])
    wanted = {row["order_id"]: row for row in clean.rows["orders"]}
    for row in rows["orders"]:
        stored = {name: value for name, value in row.items() if name[0] != "w"}
        assert stored == {name: value for name, value in wanted[row["order_id"]].items()
                          if name[0] != "w"}


def test_a_dump_a_log_and_a_bill_are_audited(clean: Town, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    rows, log = tmp_path / "rows.jsonl", tmp_path / "functions.log"
    live.dump(clean.rows, rows)
    lease = {"fact": "license.leased", "at_s": clean.now_s, "function": "license-fetch",
             "order_id": clean.orders["refunded"],
             "license_id": clean.license("refunded")["license_id"]}
    log.write_text(f"not a fact\n2026-11-23 stdout {json.dumps(lease, separators=(',', ':'))}\n")
    given = ["--rows", str(rows), "--now", str(clean.now_s)]
    assert run(given, {}) == 0
    assert run([*given, "--log", str(log)], {}) == 1
    assert "leases: " in capsys.readouterr().out


def bill(*lines: str) -> bytes:
    text = "\r\n".join([COLUMNS, *lines, SUM, "`1,`99.00", ""])
    return "\ufeff".encode() + text.encode()


PAID = "`2026-11-22 10:00:00,`wx,`19,`42001,`TB01X,`SUCCESS,`CNY,`99.05,`0,`0.00,`"
BACK = "`2026-11-22 11:00:00,`wx,`19,`42001,`TB01X,`REFUND,`CNY,`0.00,`R1,`1.5,`SUCCESS"


def test_bills_are_read_plain_and_gzipped(tmp_path: Path) -> None:
    plain, packed = tmp_path / "bill-2026-11-22.csv", tmp_path / "bill-2026-11-23.csv.gz"
    plain.write_bytes(bill(PAID, BACK))
    packed.write_bytes(gzip.compress(bill(PAID)))
    journal = from_bills([plain, packed])
    assert [(one.transaction_id, one.minor, one.paid_at_s) for one in journal.payments] == [
        ("42001", 9905, 1795312800)] * 2
    assert [(one.out_refund_no, one.minor, one.state, one.day) for one in journal.refunds] == [
        ("R1", 150, "succeeded", "2026-11-22")]
    assert journal.days == {"2026-11-22", "2026-11-23"}


@pytest.mark.parametrize("raw", [
    bill(PAID).rpartition(SUM.encode())[0], bill(PAID.replace("99.05", "99.055")),
    bill(PAID.rpartition(",")[0]), b"<html>", b""])
def test_a_bill_that_is_not_whole_is_refused(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bill-2026-11-22.csv"
    path.write_bytes(raw)
    with pytest.raises(UnreadableJournal):
        from_bills([path])


def test_the_emulators_records_are_a_journal() -> None:
    order = {"out_trade_no": "TB01X", "transaction_id": "42001", "total_fen": 9900,
             "paid_at_s": 5}
    attempt = {"out_trade_no": "TB01X", "event_type": "TRANSACTION.SUCCESS", "status": 200,
               "faults": []}
    journal = from_records(
        [order, {**order, "transaction_id": None}], [],
        [attempt, {**attempt, "status": 500}, {**attempt, "faults": ["tampered_body"]}])
    assert (len(journal.payments), len(journal.accepted), journal.days) == (1, 1, None)


def test_a_day_is_anchored_unless_a_history_is_wrong(clean: Town, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"

    def anchored(**changes: Any) -> bool:
        changed = [dict(row, **changes) for row in clean.rows["orders"][:1]]
        live.dump({**clean.rows, "orders": changed + clean.rows["orders"][1:]}, rows)
        folder = tmp_path / "-".join(("anchors", *changes))
        assert run(["--rows", str(rows), "--now", str(clean.now_s), "--anchors", str(folder)],
                   {}) == (1 if changes else 0)
        return bool(list(folder.glob("*.anchors")))

    assert anchored()
    assert anchored(state="refunding")
    assert not anchored(head="0" * 64)


@pytest.mark.parametrize("given", [[], ["--rows", "/nowhere"]])
def test_without_rows_it_says_so(given: list[str]) -> None:
    assert run(given, {}) == 2

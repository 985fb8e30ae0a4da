"""Injected faults: what the client sees, what was applied, and which calls are hit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots
import urllib3

from emulators.tablestore import Fault, RequestRecord
from emulators.tablestore.emulator import MAX_RECORDS

from .support import connect, connected, create_table, get, put, scan, update
from .test_batches import put_item, results, write
from .test_tables import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulators.tablestore import TablestoreEmulator

ERRORS = [
    ("OTSInternalServerError", 500),
    ("OTSServerUnavailable", 503),
    ("OTSTimeout", 503),
    ("OTSServerBusy", 503),
    ("OTSPartitionUnavailable", 503),
    ("OTSNotEnoughCapacityUnit", 403),
    ("OTSCapacityUnitExhausted", 403),
    ("OTSRowOperationConflict", 409),
    ("OTSTableNotReady", 404),
    ("OTSQuotaExhausted", 403),
]


@pytest.fixture(params=["in_process", "http"])
def either(request: pytest.FixtureRequest, emulator: TablestoreEmulator) -> Iterator[Any]:
    """A client with the table `orders`, over each transport in turn."""
    create_table(connect(emulator))
    if request.param == "in_process":
        yield connect(emulator)
        return
    with emulator.serve() as server, connected(emulator, server.endpoint) as client:
        yield client


@pytest.mark.parametrize(("code", "status"), ERRORS)
def test_an_error_is_answered_once_and_nothing_is_applied(
    orders: ots.OTSClient, emulator: TablestoreEmulator, code: str, status: int
) -> None:
    emulator.inject(Fault(code, api="PutRow"))
    refused(code, status, put, orders, "1")
    assert get(orders, "1") is None
    put(orders, "1")
    assert get(orders, "1") == {"a": 1}


def test_a_lost_request_is_not_applied(either: Any, emulator: TablestoreEmulator) -> None:
    emulator.inject(Fault("lost_request", api="PutRow"))
    with pytest.raises(urllib3.exceptions.ProtocolError, match="Connection aborted"):
        put(either, "1")
    assert get(either, "1") is None


def test_a_lost_answer_is_applied_once(either: Any, emulator: TablestoreEmulator) -> None:
    emulator.inject(Fault("lost_answer", api="UpdateRow"))
    with pytest.raises(urllib3.exceptions.ProtocolError, match="Connection aborted"):
        update(either, "1", {"INCREMENT": [("n", 1)]})
    assert get(either, "1") == {"n": 1}
    assert [record.outcome for record in emulator.requests if record.api == "UpdateRow"] == [
        "lost_answer"
    ]


def test_a_lost_answer_hides_a_refusal_too(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    emulator.inject(Fault("lost_answer", api="PutRow"))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        put(orders, "1", expect="EXPECT_EXIST")
    assert get(orders, "1") is None


def test_a_timeout_may_have_been_applied(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    emulator.inject(Fault("OTSTimeout", api="PutRow", applied=True))
    refused("OTSTimeout", 503, put, orders, "1")
    assert get(orders, "1") == {"a": 1}
    emulator.inject(Fault("OTSTimeout", api="PutRow", applied=True))
    refused("OTSTimeout", 503, put, orders, "1", {"a": 2}, expect="EXPECT_NOT_EXIST")
    assert get(orders, "1") == {"a": 1}


def test_a_fault_waits_and_then_hits_its_number_of_times(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    emulator.inject(Fault("OTSServerBusy", api="PutRow", after=2, times=2))
    outcomes = []
    for number in range(6):
        get(orders, "1")
        try:
            put(orders, str(number))
            outcomes.append("ok")
        except ots.OTSServiceError as error:
            outcomes.append(error.code)
    assert outcomes == ["ok", "ok", "OTSServerBusy", "OTSServerBusy", "ok", "ok"]
    assert emulator.faults_in_force == 0


def test_a_fault_without_end_lasts_until_it_is_lifted(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    emulator.inject(Fault("OTSServerBusy", times=None))
    for _ in range(3):
        refused("OTSServerBusy", 503, put, orders, "1")
        refused("OTSServerBusy", 503, get, orders, "1")
    emulator.clear_faults()
    put(orders, "1")


def test_a_fault_can_be_aimed_at_a_table_a_row_or_a_predicate(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    create_table(orders, "others")
    emulator.inject(Fault("OTSServerBusy", table="others"))
    emulator.inject(Fault("OTSTimeout", contains="order-7"))
    emulator.inject(
        Fault(
            "OTSPartitionUnavailable",
            predicate=lambda api, tables, request: (
                (api, list(tables), request.condition.row_existence) == ("PutRow", ["orders"], 2)
            ),
        )
    )
    put(orders, "order-1")
    refused("OTSTimeout", 503, put, orders, "order-7")
    refused("OTSServerBusy", 503, put, orders, "1", table="others")
    refused("OTSPartitionUnavailable", 503, put, orders, "2", expect="EXPECT_NOT_EXIST")
    assert emulator.faults_in_force == 0


def test_faults_are_used_up_one_after_the_other(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    emulator.inject(Fault("OTSServerBusy", api="PutRow"))
    emulator.inject(Fault("OTSTimeout", api="PutRow"))
    refused("OTSServerBusy", 503, put, orders, "1")
    refused("OTSTimeout", 503, put, orders, "1")
    put(orders, "1")


def test_one_row_of_a_batch_can_fail(orders: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    emulator.inject(Fault("OTSServerBusy", api="BatchWriteRow", row=1))
    response = write(orders, [put_item("1"), put_item("2"), put_item("3")])
    assert results(response) == ["ok", "OTSServerBusy", "ok"]
    assert [row.primary_key for row in scan(orders)] == [[("id", "1")], [("id", "3")]]
    emulator.inject(Fault("OTSTimeout", api="BatchGetRow", row=0))
    request = ots.BatchGetRowRequest()
    request.add(ots.TableInBatchGetRowItem("orders", [[("id", "1")], [("id", "3")]], [], None, 1))
    found = orders.batch_get_row(request).get_result_by_table("orders")
    assert [item.error_code for item in found] == ["OTSTimeout", None]


def test_the_sdks_own_retries_meet_a_fault_that_ends(emulator: TablestoreEmulator) -> None:
    client = connect(emulator, retry_policy=ots.retry.NoDelayRetryPolicy())
    create_table(client)
    emulator.clear_requests()
    emulator.inject(Fault("OTSServerBusy", api="PutRow", times=3))
    put(client, "1")
    assert [record.outcome for record in emulator.requests] == [
        "OTSServerBusy",
        "OTSServerBusy",
        "OTSServerBusy",
        "OK",
    ]


def test_a_retried_create_that_was_applied_fails_its_condition(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    """The trap every client of this service must know."""
    emulator.inject(Fault("lost_answer", api="PutRow"))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        put(orders, "1", expect="EXPECT_NOT_EXIST")
    refused("OTSConditionCheckFail", 403, put, orders, "1", expect="EXPECT_NOT_EXIST")


def test_server_errors_cost_nothing(orders: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    emulator.inject(Fault("OTSInternalServerError", api="PutRow"))
    refused("OTSInternalServerError", 500, put, orders, "1")
    record = emulator.requests[-1]
    assert (record.read_cu, record.write_cu) == (0, 0)


def test_a_custom_message_is_passed_on(orders: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    emulator.inject(Fault("OTSQuotaExhausted", message="Number of tables exceeded the quota."))
    message = refused("OTSQuotaExhausted", 403, orders.list_table)
    assert message == "Number of tables exceeded the quota."


@pytest.mark.parametrize("options", [{"kind": "OTSNoSuchThing"}, {"kind": "lost_answer", "row": 1}])
def test_a_fault_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault(**options)


def test_every_request_is_recorded(orders: ots.OTSClient, emulator: TablestoreEmulator) -> None:
    emulator.clear_requests()
    put(orders, "1", {"a": "x" * 5000})
    get(orders, "1")
    scan(orders)
    refused("OTSConditionCheckFail", 403, put, orders, "1", expect="EXPECT_NOT_EXIST")
    seen = [
        (record.api, record.tables, record.rows, record.read_cu, record.write_cu, record.outcome)
        for record in emulator.requests
    ]
    assert seen == [
        ("PutRow", ("orders",), 1, 0, 2, "OK"),
        ("GetRow", ("orders",), 1, 2, 0, "OK"),
        ("DescribeTable", ("orders",), 0, 0, 0, "OK"),
        ("GetRange", ("orders",), 1, 2, 0, "OK"),
        ("PutRow", ("orders",), 0, 1, 1, "OTSConditionCheckFail"),
    ]
    assert emulator.requests[0].request_bytes > 5000
    assert emulator.requests[1].response_bytes > 5000
    assert [record.status for record in emulator.requests] == [200, 200, 200, 200, 403]


def test_records_do_not_grow_without_end(
    orders: ots.OTSClient, emulator: TablestoreEmulator
) -> None:
    emulator.requests.extend(RequestRecord(api="Old") for _ in range(MAX_RECORDS))
    put(orders, "1")
    assert len(emulator.requests) < MAX_RECORDS
    assert [record.api for record in emulator.requests[-2:]] == ["Old", "PutRow"]

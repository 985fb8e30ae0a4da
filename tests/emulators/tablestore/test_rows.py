"""PutRow, GetRow, UpdateRow, DeleteRow: values, versions, conditions on existence, counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots
from tablestore.plainbuffer.plain_buffer_builder import PlainBufferBuilder
from tablestore.protobuf import table_store_pb2 as pb

from emulators.tablestore.plain_buffer import decode_row

from .support import (
    EXPECT_EXIST,
    EXPECT_NOT_EXIST,
    START_MS,
    create_table,
    delete,
    get,
    put,
    update,
    where,
)
from .test_tables import refused

if TYPE_CHECKING:
    from .support import Clock


def check_failed(call: Any, *arguments: Any, **options: Any) -> None:
    message = refused("OTSConditionCheckFail", 403, call, *arguments, **options)
    assert message == "Condition check failed."


def test_every_type_of_value_reads_back(orders: ots.OTSClient) -> None:
    columns = {
        "i": -(2**63),
        "j": 2**63 - 1,
        "s": "通宝 \x00 🙂",
        "empty": "",
        "b": bytearray(b"\x00\xff"),
        "t": True,
        "f": False,
        "d": 0.1,
        "zero": -0.0,
    }
    put(orders, "1", columns)
    read = get(orders, "1")
    assert read == columns
    assert {name: type(value) for name, value in read.items()} == {
        name: type(value) for name, value in columns.items()
    }


def test_every_type_of_key_reads_back(client: ots.OTSClient) -> None:
    create_table(client, key=(("s", "STRING"), ("i", "INTEGER"), ("b", "BINARY"), ("t", "BOOLEAN")))
    key = [("s", "a\x00b"), ("i", -1), ("b", bytearray(b"\x00\x01")), ("t", True)]
    put(client, key, {"a": 1})
    _, row, _ = client.get_row("orders", key, max_version=1)
    assert row.primary_key == key
    assert get(client, [*key[:3], ("t", False)]) is None


def test_columns_come_in_the_order_of_their_names(orders: ots.OTSClient) -> None:
    put(orders, "1", {"b": 1, "a": 2, "B": 3, "_": 4})
    assert list(get(orders, "1") or ()) == ["B", "_", "a", "b"]


def test_a_put_replaces_the_whole_row(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1, "b": 2})
    put(orders, "1", {"c": 3})
    assert get(orders, "1") == {"c": 3}


def test_an_update_changes_the_named_columns_only(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1, "b": 2, "c": 3})
    update(orders, "1", {"PUT": [("a", 9), ("d", 4)], "DELETE_ALL": ["b"]})
    assert get(orders, "1") == {"a": 9, "c": 3, "d": 4}


def test_an_update_creates_a_missing_row(orders: ots.OTSClient) -> None:
    update(orders, "1", {"PUT": [("a", 1)]})
    assert get(orders, "1") == {"a": 1}


def test_an_update_that_only_deletes_creates_no_row(orders: ots.OTSClient) -> None:
    update(orders, "1", {"DELETE_ALL": ["a"]})
    assert get(orders, "1") is None
    put(orders, "1", expect=EXPECT_NOT_EXIST)


def test_a_row_without_columns_still_exists(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1})
    update(orders, "1", {"DELETE_ALL": ["a"]})
    assert get(orders, "1") == {}
    check_failed(put, orders, "1", expect=EXPECT_NOT_EXIST)
    put(orders, "2", {})
    assert get(orders, "2") == {}


def test_a_deleted_row_is_gone_and_deleting_again_is_no_error(orders: ots.OTSClient) -> None:
    put(orders, "1")
    delete(orders, "1")
    delete(orders, "1")
    assert get(orders, "1") is None


def test_existence_is_required_of_puts(orders: ots.OTSClient) -> None:
    check_failed(put, orders, "1", expect=EXPECT_EXIST)
    put(orders, "1", {"a": 1}, expect=EXPECT_NOT_EXIST)
    check_failed(put, orders, "1", {"a": 2}, expect=EXPECT_NOT_EXIST)
    put(orders, "1", {"a": 3}, expect=EXPECT_EXIST)
    assert get(orders, "1") == {"a": 3}


def test_existence_is_required_of_updates_and_deletes(orders: ots.OTSClient) -> None:
    check_failed(update, orders, "1", {"PUT": [("a", 1)]}, expect=EXPECT_EXIST)
    check_failed(delete, orders, "1", expect=EXPECT_EXIST)
    put(orders, "1", {"a": 1})
    check_failed(update, orders, "1", {"PUT": [("a", 2)]}, expect=EXPECT_NOT_EXIST)
    check_failed(delete, orders, "1", expect=EXPECT_NOT_EXIST)
    assert get(orders, "1") == {"a": 1}
    delete(orders, "1", expect=EXPECT_EXIST)
    assert get(orders, "1") is None


def test_compare_and_set_has_one_winner(orders: ots.OTSClient) -> None:
    put(orders, "1", {"ver": 1})
    change = {"PUT": [("ver", 2)]}
    update(orders, "1", change, expect=EXPECT_EXIST, when=where("ver", 1))
    check_failed(update, orders, "1", change, expect=EXPECT_EXIST, when=where("ver", 1))


def test_a_missing_row_meets_a_condition_as_missing_columns_do(orders: ots.OTSClient) -> None:
    check_failed(put, orders, "1", when=where("a", 1))
    put(orders, "1", when=where("a", 1, pass_if_missing=True))
    assert get(orders, "1") == {"a": 1}


def test_columns_to_get_limit_what_is_read(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1, "b": 2})
    assert get(orders, "1", columns_to_get=["b", "x"]) == {"b": 2}
    assert get(orders, "1", columns_to_get=["x"]) is None
    assert get(orders, "1", columns_to_get=["x", "id"]) == {}


def test_a_range_of_columns_is_read(orders: ots.OTSClient) -> None:
    put(orders, "1", dict.fromkeys("abcd", 1))
    assert list(get(orders, "1", start_column="b", end_column="d") or ()) == ["b", "c"]
    assert list(get(orders, "1", start_column="c") or ()) == ["c", "d"]


def test_a_filter_hides_a_row(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1, "b": 2})
    assert get(orders, "1", column_filter=where("a", 1)) == {"a": 1, "b": 2}
    assert get(orders, "1", column_filter=where("a", 2)) is None


def test_a_filter_sees_only_the_columns_that_are_read(orders: ots.OTSClient) -> None:
    put(orders, "1", {"a": 1, "b": 2})
    assert get(orders, "1", column_filter=where("a", 1), columns_to_get=["b"]) is None


def test_a_read_must_say_which_versions(orders: ots.OTSClient) -> None:
    message = refused(
        "OTSParameterInvalid", 400, orders.get_row, "orders", [("id", "1")], None, None, None
    )
    assert message == "No version condition is specified while querying row."


def test_a_put_returns_the_key_if_asked(orders: ots.OTSClient) -> None:
    assert put(orders, "1")[1] is None
    _, row = put(orders, "1", return_type=ots.ReturnType.RT_PK)
    assert row.primary_key == [("id", "1")]


def test_auto_increment_numbers_rise_within_a_partition(client: ots.OTSClient) -> None:
    create_table(client, key=(("p", "STRING"), ("n", "INTEGER", ots.PK_AUTO_INCR)))
    numbers = []
    for _ in range(3):
        _, row = put(client, [("p", "x"), ("n", ots.PK_AUTO_INCR)], return_type="RT_PK")
        numbers.append(row.primary_key[1][1])
    assert numbers == sorted(set(numbers))
    assert get(client, [("p", "x"), ("n", numbers[1])]) == {"a": 1}


def test_auto_increment_rows_are_changed_under_their_number(client: ots.OTSClient) -> None:
    create_table(client, key=(("p", "STRING"), ("n", "INTEGER", ots.PK_AUTO_INCR)))
    key = [("p", "x"), ("n", ots.PK_AUTO_INCR)]
    refused("OTSParameterInvalid", 400, put, client, key, expect=EXPECT_NOT_EXIST)
    refused("OTSParameterInvalid", 400, put, client, key, when=where("a", 1))
    refused("OTSParameterInvalid", 400, delete, client, key)
    refused("OTSParameterInvalid", 400, get, client, key)
    _, row = put(client, key, return_type="RT_PK")
    refused("OTSParameterInvalid", 400, put, client, row.primary_key, {"a": 2})
    put(client, row.primary_key, {"a": 2}, expect=EXPECT_EXIST)
    assert get(client, row.primary_key) == {"a": 2}
    delete(client, row.primary_key)
    assert get(client, row.primary_key) is None


def test_auto_increment_is_for_its_column_alone(orders: ots.OTSClient) -> None:
    refused("OTSParameterInvalid", 400, put, orders, [("id", ots.PK_AUTO_INCR)])


def test_a_counter_starts_at_nothing_and_adds(orders: ots.OTSClient) -> None:
    for step in (5, -2):
        update(orders, "1", {"INCREMENT": [("n", step)]})
    assert get(orders, "1") == {"n": 3}


def test_a_counter_refuses_what_is_no_number_and_overflow(orders: ots.OTSClient) -> None:
    put(orders, "1", {"s": "x", "n": 2**63 - 1})
    refused("OTSParameterInvalid", 400, update, orders, "1", {"INCREMENT": [("s", 1)]})
    refused("OTSParameterInvalid", 400, update, orders, "1", {"INCREMENT": [("n", 1)]})
    both = {"PUT": [("n", 1)], "INCREMENT": [("n", 1)]}
    refused("OTSParameterInvalid", 400, update, orders, "1", both)
    assert get(orders, "1") == {"s": "x", "n": 2**63 - 1}


def incremented(client: ots.OTSClient, return_type: int, names: list[str]) -> bytes:
    """UpdateRow as other SDKs send it: the Python SDK cannot ask for a counter's value."""
    request = pb.UpdateRowRequest(table_name="orders")
    change = {"INCREMENT": [("n", 2)], "PUT": [("a", 1)]}
    raw = PlainBufferBuilder.serialize_for_update_row([("id", "1")], change)
    request.row_change = bytes(raw)
    request.condition.row_existence = pb.IGNORE
    request.return_content.return_type = return_type
    request.return_content.return_column_names.extend(names)
    client.protocol.encoder.api_encode_map["UpdateRow"] = lambda: request
    client.protocol.decoder.api_decode_map["UpdateRow"] = lambda body, _: (body, None)
    answer = pb.UpdateRowResponse()
    answer.ParseFromString(client._request_helper("UpdateRow"))
    row: bytes = answer.row
    return row


def test_a_counters_new_value_is_returned_if_asked(orders: ots.OTSClient) -> None:
    put(orders, "1", {"n": 40})
    row = decode_row(incremented(orders, pb.RT_AFTER_MODIFY, ["n"]))
    assert row.key == (("id", "1"),)
    assert [(cell.name, cell.value, cell.version_ms) for cell in row.cells] == [("n", 42, START_MS)]


@pytest.mark.parametrize(("return_type", "names"), [(pb.RT_PK, ["n"]), (pb.RT_AFTER_MODIFY, ["a"])])
def test_only_counters_are_returned(
    orders: ots.OTSClient, return_type: int, names: list[str]
) -> None:
    refused("OTSParameterInvalid", 400, incremented, orders, return_type, names)
    assert get(orders, "1") is None


def test_a_key_must_fit_the_table(client: ots.OTSClient) -> None:
    create_table(client, key=(("a", "STRING"), ("b", "INTEGER")))
    for key, message in [
        ([("a", "x")], "Validate PK size fail. Input: 1, Meta: 2."),
        ([("a", "x"), ("c", 1)], "Validate PK name fail. Input: c, Meta: b."),
        ([("b", 1), ("a", "x")], "Validate PK name fail. Input: b, Meta: a."),
        ([("a", "x"), ("b", "1")], "Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER."),
        (
            [("a", bytearray(b"x")), ("b", 1)],
            "Validate PK type fail. Input: VT_BLOB, Meta: VT_STRING.",
        ),
    ]:
        assert refused("OTSInvalidPK", 400, get, client, key) == message
        assert refused("OTSInvalidPK", 400, put, client, key, {"x": 1}) == message
        assert refused("OTSInvalidPK", 400, delete, client, key) == message


def test_infinity_is_no_key_of_a_row(orders: ots.OTSClient) -> None:
    for call in (get, put, delete):
        message = refused("OTSParameterInvalid", 400, call, orders, [("id", ots.INF_MIN)])
        assert message == "VT_INF_MIN is an invalid type for the primary key."


def test_a_column_may_not_be_named_as_the_key(orders: ots.OTSClient) -> None:
    message = refused("OTSParameterInvalid", 400, put, orders, "1", {"id": 1})
    assert message == "Duplicated attribute column name with primary key column: 'id'."


def test_a_refused_write_changes_nothing(orders: ots.OTSClient, clock: Clock) -> None:
    put(orders, "1", {"a": 1})
    clock.advance(1)
    change = {"PUT": [("a", 2), ("b", 2)], "INCREMENT": [("c", 1)]}
    check_failed(update, orders, "1", change, when=where("a", 5))
    assert get(orders, "1") == {"a": 1}

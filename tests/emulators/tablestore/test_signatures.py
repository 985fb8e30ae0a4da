"""Who may ask: signatures of both versions, clocks, digests, and signed answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tablestore as ots

from .support import connect, create_table, get, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulators.tablestore import TablestoreEmulator

VERSIONS = pytest.mark.parametrize("options", [{}, {"region": "cn-hangzhou"}], ids=["V2", "V4"])


class Tampering:
    """A connection that changes one thing of each request on its way."""

    def __init__(self, emulator: TablestoreEmulator, change: Callable[[dict[str, Any]], Any]):
        self._inner = emulator.connection
        self._change = change

    def send_receive(self, url: str, headers: Any, body: bytes) -> Any:
        request = {"url": url, "headers": dict(headers), "body": body}
        self._change(request)
        return self._inner.send_receive(request["url"], request["headers"], request["body"])


def refusal(client: ots.OTSClient) -> tuple[int, str, str]:
    with pytest.raises(ots.OTSServiceError) as caught:
        client.list_table()
    return caught.value.http_status, caught.value.code, caught.value.message


def tampered(
    emulator: TablestoreEmulator, change: Callable[[dict[str, Any]], Any], **options: Any
) -> tuple[int, str, str]:
    client = connect(emulator, **options)
    client.connection = Tampering(emulator, change)
    return refusal(client)


@VERSIONS
def test_a_signed_request_is_answered_and_the_sdk_accepts_the_signature(
    emulator: TablestoreEmulator, options: dict[str, Any]
) -> None:
    client = connect(emulator, **options)
    create_table(client)
    put(client, "1", {"a": "é"})
    assert get(client, "1") == {"a": "é"}


@VERSIONS
def test_an_error_answer_is_signed_too(
    emulator: TablestoreEmulator, options: dict[str, Any]
) -> None:
    client = connect(emulator, **options)
    create_table(client)
    with pytest.raises(ots.OTSServiceError, match="OTSConditionCheckFail"):
        put(client, "1", expect="EXPECT_EXIST")


@VERSIONS
def test_a_wrong_secret_is_refused(emulator: TablestoreEmulator, options: dict[str, Any]) -> None:
    client = connect(emulator, access_key_secret="another", **options)
    assert refusal(client) == (403, "OTSAuthFailed", "Signature mismatch.")


def test_an_unknown_key_is_refused(emulator: TablestoreEmulator) -> None:
    client = connect(emulator, access_key_id="another")
    assert refusal(client) == (403, "OTSAuthFailed", "The AccessKeyID does not exist.")


def test_an_unknown_instance_is_refused(emulator: TablestoreEmulator) -> None:
    client = connect(emulator, instance_name="another")
    assert refusal(client) == (403, "OTSAuthFailed", "The instance is not found.")


@VERSIONS
def test_a_changed_header_breaks_the_signature(
    emulator: TablestoreEmulator, options: dict[str, Any]
) -> None:
    def add_header(request: dict[str, Any]) -> None:
        request["headers"]["x-ots-ststoken"] = "stolen"

    assert tampered(emulator, add_header, **options)[2] == "Signature mismatch."


def test_a_changed_path_breaks_the_signature(emulator: TablestoreEmulator) -> None:
    assert tampered(emulator, lambda request: request.update(url="/DeleteTable"))[2] == (
        "Signature mismatch."
    )


def test_a_changed_body_does_not_match_its_digest(emulator: TablestoreEmulator) -> None:
    status, code, message = tampered(emulator, lambda request: request.update(body=b"x"))
    assert (status, code) == (403, "OTSAuthFailed")
    assert "MD5" in message


@pytest.mark.parametrize(
    "name",
    [
        "x-ots-date",
        "x-ots-apiversion",
        "x-ots-accesskeyid",
        "x-ots-instancename",
        "x-ots-contentmd5",
        "x-ots-signature",
    ],
)
def test_a_missing_header_is_named(emulator: TablestoreEmulator, name: str) -> None:
    answer = tampered(emulator, lambda request: request["headers"].pop(name))
    assert answer == (400, "OTSParameterInvalid", f"Missing header: {name}.")


def test_an_unreadable_date_is_refused(emulator: TablestoreEmulator) -> None:
    answer = tampered(emulator, lambda request: request["headers"].update({"x-ots-date": "now"}))
    assert answer == (400, "OTSParameterInvalid", "Invalid date format: now.")


def test_a_client_whose_clock_is_off_is_refused(emulator: TablestoreEmulator) -> None:
    late = "2020-01-01T00:00:00.000Z"
    status, code, message = tampered(
        emulator, lambda request: request["headers"].update({"x-ots-date": late})
    )
    assert (status, code) == (403, "OTSAuthFailed")
    assert message == f"Mismatch between system time and x-ots-date: {late}."


def test_an_unsupported_operation_is_named(emulator: TablestoreEmulator) -> None:
    with pytest.raises(ots.OTSServiceError) as caught:
        connect(emulator).list_search_index("orders")
    assert caught.value.message == "Unsupported operation: ListSearchIndex."


def test_a_body_that_is_no_message_is_refused(emulator: TablestoreEmulator) -> None:
    client = connect(emulator)
    client.protocol.encoder.api_encode_map["ListTable"] = lambda: _Raw(b"\x0a\xff")
    client.protocol.encoder.api_encode_map["GetRow"] = lambda: _Raw(b"\xff")
    with pytest.raises(ots.OTSServiceError, match="Parse PBMessage from RawString failed"):
        client._request_helper("GetRow")


class _Raw:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.DESCRIPTOR = ots.protobuf.table_store_pb2.ListTableRequest.DESCRIPTOR

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        return self.data

    def ListFields(self) -> list[Any]:  # noqa: N802 - protobuf's name
        return []


def test_the_secret_is_in_no_repr(emulator: TablestoreEmulator) -> None:
    assert emulator.credentials.access_key_secret not in repr(emulator.credentials)

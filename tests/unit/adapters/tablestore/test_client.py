"""One attempt through the real SDK: outcomes, credentials, silence, and what must not be sent."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from emulators.tablestore import Fault
from shared.adapters.tablestore.cells import Expect, RowWrite
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.adapters.tablestore.credentials import AccessKey, EnvironmentCredentials
from shared.adapters.tablestore.outcomes import Outcome, StoreFailure
from shared.adapters.tablestore.tables import DUE, ORDERS
from shared.deadline import Deadline
from shared.errors import VersionConflict
from tests.contract.worlds import EmulatorWorld, FixedKey
from tests.fakes import samples
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.adapters.tablestore.wire import Reply

ROOT = Path(__file__).resolve().parents[4]
KEY = ORDERS.row("some-order")
CANARY = "canary-5d1f"
IMPORTS = ("import tablestore", "from tablestore")


class Broken:
    """A connection on which every exchange raises, or gives a fixed reply."""

    def __init__(self, result: Exception | Reply) -> None:
        self.result = result
        self.headers: list[Mapping[str, str]] = []

    def send_receive(self, url: str, request_headers: Mapping[str, str],
                     request_body: bytes) -> Reply:
        """One exchange."""
        self.headers.append(request_headers)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def a_client(connection: Any, credentials: Any = None) -> TablestoreClient:
    """A client over this connection."""
    return TablestoreClient(Instance("http://nowhere.invalid", "tongbao-test"),
                            credentials or FixedKey(), Deadline(FakeClock(), 4000),
                            connection=connection)


def outcome_of(client: TablestoreClient) -> Outcome:
    """The outcome of one failing write."""
    with pytest.raises(StoreFailure) as caught:
        client.write(RowWrite(KEY, {"title": CANARY}, Expect.NO_ROW, 1))
    return caught.value.outcome


@pytest.mark.parametrize(("error", "outcome"), [
    (NewConnectionError(None, "refused"), Outcome.RETRYABLE),  # type: ignore[arg-type]
    (ConnectTimeoutError("too slow"), Outcome.RETRYABLE),
    (ReadTimeoutError(None, "/", "too slow"), Outcome.UNKNOWN),  # type: ignore[arg-type]
    (ConnectionResetError(), Outcome.UNKNOWN),
    (RuntimeError("whatever"), Outcome.UNKNOWN)])
def test_only_a_connection_never_opened_means_not_sent(error: Exception,
                                                       outcome: Outcome) -> None:
    assert outcome_of(a_client(Broken(error))) is outcome


@pytest.mark.parametrize("reply", [
    (502, "Bad Gateway", {}, b"<html>502</html>"),
    (200, "OK", {}, b""),
    (200, "OK", {"x-ots-contentmd5": "wrong"}, b"\x00\xff"),
    (403, "Forbidden", {}, b"<html>no</html>"),
    (302, "Found", {"location": "https://elsewhere.invalid"}, b"")])
def test_an_answer_that_cannot_be_verified_is_doubt(reply: Reply) -> None:
    assert outcome_of(a_client(Broken(reply))) is Outcome.UNKNOWN


def test_an_answer_with_a_wrong_signature_is_doubt(world: EmulatorWorld) -> None:
    class Forger:
        def send_receive(self, *request: Any) -> Reply:
            status, reason, headers, body = world.emulator.connection.send_receive(*request)
            return status, reason, {**headers, "authorization": "OTS test-key-id:AAAA"}, body

    assert outcome_of(a_client(Forger())) is Outcome.UNKNOWN


def test_every_call_asks_for_the_key_anew(world: EmulatorWorld) -> None:
    connection = Broken(ConnectionResetError())
    environ = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "first", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}
    client = a_client(connection, EnvironmentCredentials(environ))
    outcome_of(client)
    environ.update({"ALIBABA_CLOUD_ACCESS_KEY_ID": "second",
                    "ALIBABA_CLOUD_SECURITY_TOKEN": "token"})
    outcome_of(client)
    sent = [(headers["x-ots-accesskeyid"], headers.get("x-ots-ststoken"))
            for headers in connection.headers]
    assert sent == [("first", None), ("second", "token")]


def test_without_a_key_nothing_is_sent() -> None:
    connection = Broken(ConnectionResetError())
    assert outcome_of(a_client(connection, EnvironmentCredentials({}))) is Outcome.FATAL
    assert connection.headers == []


def test_an_access_key_shows_neither_secret_nor_token() -> None:
    assert repr(AccessKey("id", "the-secret", "the-token")) == "AccessKey(key_id='id')"


@pytest.mark.parametrize("value", [b"bytes", bytearray(b"b"), True, None, 1.5])
def test_a_value_that_would_be_stored_as_something_else_is_refused(
        world: EmulatorWorld, value: Any) -> None:
    client = world.open_instance().client
    with pytest.raises(TypeError):
        client.write(RowWrite(KEY, {"column": value}, Expect.NO_ROW, 1))
    assert world.apis() == []


@pytest.mark.parametrize("columns", [{"column": 2**63}, {"spalte_ö": 1}, {"a-b": 1}, {"": 1}])
def test_a_column_that_cannot_be_stored_is_refused(world: EmulatorWorld,
                                                   columns: dict[str, Any]) -> None:
    client = world.open_instance().client
    with pytest.raises(ValueError, match="column"):
        client.write(RowWrite(KEY, columns, Expect.NO_ROW, 1))
    assert world.apis() == []


def test_the_largest_and_smallest_integers_are_stored(world: EmulatorWorld) -> None:
    client = world.open_instance().client
    columns = {"most": 2**63 - 1, "least": -2**63}
    client.write(RowWrite(KEY, columns, Expect.NO_ROW, 1))
    assert client.get_row(KEY) == columns


def test_a_row_without_a_version_is_never_overwritten(world: EmulatorWorld) -> None:
    """A condition on a missing column holds by default; not here."""
    opened = world.open_instance()
    order = samples.instructed(samples.order())
    key = ORDERS.row(order.order_id)
    opened.client.write(RowWrite(key, {"state": "paid"}, Expect.NO_ROW))
    with pytest.raises(VersionConflict):
        opened.stores.orders.save(order)
    assert opened.client.get_row(key) == {"state": "paid"}


def test_a_batch_takes_one_row_of_a_table(world: EmulatorWorld) -> None:
    write = RowWrite(DUE.row("k0", 1, "x"), {"created_at_s": 1}, Expect.NOTHING)
    with pytest.raises(ValueError, match="different tables"):
        world.open_instance().client.write_together([write, write])
    assert world.apis() == []


def test_the_sdk_itself_never_retries(world: EmulatorWorld) -> None:
    client = world.open_instance().client
    world.emulator.inject(Fault("OTSServerBusy", times=None))
    assert outcome_of(client) is Outcome.RETRYABLE
    with pytest.raises(StoreFailure):
        client.get_row(KEY)
    assert world.apis() == ["PutRow", "GetRow"]


def test_nothing_of_a_row_or_key_is_logged_or_raised(
        world: EmulatorWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Not even with the root logger at DEBUG, where the SDK would print whole requests."""
    class Garbler:
        def send_receive(self, *request: Any) -> Reply:
            return 403, "no", {}, CANARY.encode()

    caplog.set_level(logging.DEBUG)
    world.emulator.inject(Fault("OTSParameterInvalid", times=1, message=CANARY))
    shown = []
    for client in (world.open_instance().client, a_client(Garbler()),
                   a_client(Broken(RuntimeError(CANARY)))):
        try:
            client.write(RowWrite(KEY, {"title": CANARY}, Expect.NO_ROW, 1))
        except StoreFailure:
            shown.append(traceback.format_exc())
    world.open_instance().client.write(RowWrite(KEY, {"title": CANARY}, Expect.NO_ROW, 1))
    assert len(shown) == 3
    assert CANARY not in "".join(shown) + caplog.text
    assert "test-key" not in "".join(shown) + caplog.text


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter, with every warning shown."""
    return subprocess.run([sys.executable, "-W", "default", "-c", code], cwd=ROOT,
                          capture_output=True, text=True, timeout=60, check=True)


def test_making_a_client_says_nothing() -> None:
    done = run_python("""
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.deadline import Deadline
from tests.contract.worlds import FixedKey
from tests.fakes.clock import FakeClock
TablestoreClient(Instance("http://x.invalid", "i"), FixedKey(), Deadline(FakeClock(), 1))
""")
    assert (done.stdout, done.stderr) == ("", "")


def test_importing_the_adapter_does_not_import_the_sdk() -> None:
    done = run_python("""
import sys
import shared.adapters.tablestore.orders, shared.adapters.tablestore.held_payments
import shared.adapters.tablestore.licenses, shared.adapters.tablestore.row_store
import shared.adapters.tablestore.client
print("tablestore" in sys.modules, "aiohttp" in sys.modules)
""")
    assert done.stdout.split() == ["False", "False"]


def test_one_file_imports_the_sdk() -> None:
    importers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py")
        if any(line.strip().startswith(IMPORTS)
               for line in path.read_text(encoding="utf-8").splitlines())]
    assert importers == ["shared/adapters/tablestore/client.py"]

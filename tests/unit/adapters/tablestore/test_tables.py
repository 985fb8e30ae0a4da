"""Tables come to be once, as defined, and a table that differs is left alone."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from emulators.tablestore import Fault, TablestoreEmulator
from scripts import create_tables as command
from shared.adapters.tablestore.attempts import Attempts
from shared.adapters.tablestore.cells import Table
from shared.adapters.tablestore.client import TableShape
from shared.adapters.tablestore.orders import TablestoreOrders
from shared.adapters.tablestore.tables import (
    DUE,
    MOST_BUCKETS,
    ORDERS,
    TABLES,
    TableDrift,
    bucket_names,
    bucket_of,
    create_tables,
    differences,
    spread,
)
from shared.adapters.tablestore.work_list import TablestoreWorkList
from shared.errors import StoreUnavailable
from tests.unit.adapters.tablestore import faults
from tests.unit.adapters.tablestore.faults import fault

if TYPE_CHECKING:
    from tests.contract.worlds import EmulatorWorld, Opened

AS_DEFINED = TableShape(ORDERS.key, -1, 1, True, ())


def create(opened: Opened) -> list[Table]:
    """Run create_tables on this instance."""
    return create_tables(opened.client,
                         Attempts(opened.clock, opened.deadline, random.Random(1)))


@pytest.fixture
def empty(world: EmulatorWorld) -> EmulatorWorld:
    """The instance before any table."""
    world.emulator.reset()
    return world


def test_all_tables_are_created_once(empty: EmulatorWorld) -> None:
    assert create(empty.open_instance()) == list(TABLES)
    assert create(empty.open_instance()) == []


def test_only_a_missing_table_is_created(empty: EmulatorWorld) -> None:
    opened = empty.open_instance()
    opened.client.create_table(ORDERS, time_to_live_s=-1, max_versions=1)
    assert create(opened) == [table for table in TABLES if table is not ORDERS]


@pytest.mark.parametrize("name", faults.ALL)
@pytest.mark.parametrize("api", ["CreateTable", "DescribeTable"])
def test_creation_survives_one_fault(empty: EmulatorWorld, api: str, name: str) -> None:
    empty.emulator.inject(fault(name, api))
    assert create(empty.open_instance()) == list(TABLES)


def test_the_quota_of_table_operations_is_waited_for(empty: EmulatorWorld) -> None:
    empty.emulator.inject(Fault("OTSQuotaExhausted", api="CreateTable", times=3))
    assert create(empty.open_instance()) == list(TABLES)


def test_a_missing_permission_is_said_at_once(empty: EmulatorWorld) -> None:
    empty.emulator.inject(Fault("OTSAuthFailed", times=None))
    with pytest.raises(StoreUnavailable, match="OTSAuthFailed"):
        create(empty.open_instance())
    assert empty.apis() == ["DescribeTable"]


@pytest.mark.parametrize(("key", "ttl_s", "versions", "difference"), [
    ((("order_id", "INTEGER"),), -1, 1, "primary key is order_id INTEGER, not order_id STRING"),
    (ORDERS.key, 86_400, 1, "time to live is 86400, not -1"),
    (ORDERS.key, -1, 2, "max versions is 2, not 1")])
def test_a_table_that_differs_is_refused_before_anything_is_created(
        empty: EmulatorWorld, key: tuple[tuple[str, str], ...], ttl_s: int, versions: int,
        difference: str) -> None:
    opened = empty.open_instance()
    opened.client.create_table(Table("orders", key), time_to_live_s=ttl_s,
                               max_versions=versions)
    empty.apis()
    with pytest.raises(TableDrift) as caught:
        create(opened)
    assert caught.value.differences == [difference]
    assert set(empty.apis()) == {"DescribeTable"}


def test_a_table_that_refuses_updates_differs() -> None:
    assert differences(ORDERS, AS_DEFINED) == []
    assert differences(ORDERS, AS_DEFINED._replace(allows_update=False)) == [
        "allow update is False, not True"]


@pytest.mark.parametrize("buckets", range(1, MOST_BUCKETS + 1))
def test_subjects_are_spread_over_just_the_buckets_asked_for(buckets: int) -> None:
    used = {bucket_of(f"wechatpay:42{number:026d}", buckets) for number in range(400)}
    assert sorted(used) == bucket_names(buckets)
    assert len(used) == buckets


def test_a_subject_stays_in_its_bucket() -> None:
    """Another hash would lose the rows that were written with this one."""
    assert bucket_of("A" * 26, 16) == "kc"


@pytest.mark.parametrize("buckets", [-1, 0, 17])
def test_no_other_number_of_buckets_is_taken(world: EmulatorWorld, buckets: int) -> None:
    store = world.open_instance().store
    for make in (lambda: bucket_of("x", buckets), lambda: bucket_names(buckets),
                 lambda: TablestoreOrders(store, buckets=buckets),
                 lambda: TablestoreWorkList(store, buckets=buckets)):
        with pytest.raises(ValueError, match="1 to 16"):
            make()


def test_names_of_one_second_are_spread_over_the_table() -> None:
    prefixes = {spread(f"wechatpay:42000001{number:020d}")[:4] for number in range(64)}
    assert len(prefixes) > 60


def test_a_key_has_as_many_parts_as_its_table() -> None:
    with pytest.raises(ValueError, match="3 parts"):
        DUE.row("k0", 1)


def environment(endpoint: str) -> dict[str, str]:
    """What the command needs."""
    return {"TONGBAO_TABLESTORE_ENDPOINT": endpoint,
            "TONGBAO_TABLESTORE_INSTANCE": "tongbao-test",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "test-key-id",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "test-key-secret"}


def test_the_command_creates_and_then_checks(capsys: pytest.CaptureFixture[str]) -> None:
    with TablestoreEmulator() as emulator, emulator.serve() as server:
        environ = environment(server.endpoint)
        assert command.main(["--check"], environ) == 1
        assert "orders: MISSING" in capsys.readouterr().out
        assert command.main([], environ) == 0
        assert "orders: created" in capsys.readouterr().out
        assert command.main(["--check"], environ) == 0
        assert "orders: as defined" in capsys.readouterr().out


@pytest.mark.parametrize("missing", sorted(environment("http://127.0.0.1:9")))
def test_the_command_names_what_is_not_set(missing: str,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    environ = environment("http://127.0.0.1:9")
    del environ[missing]
    assert command.main([], environ) == 2
    assert missing in capsys.readouterr().err


def test_the_command_wants_an_address_with_its_scheme(
        capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([], environment("127.0.0.1:9")) == 2
    assert "TONGBAO_TABLESTORE_ENDPOINT must begin with https://" in capsys.readouterr().err


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--drop"], environment("http://127.0.0.1:9")) == 2
    assert "usage" in capsys.readouterr().err


def test_the_command_says_what_the_service_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with TablestoreEmulator() as emulator, emulator.serve() as server:
        environ = {**environment(server.endpoint),
                   "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "another-secret"}
        assert command.main([], environ) == 1
        shown = capsys.readouterr()
    assert "OTSAuthFailed" in shown.err
    assert "secret" not in shown.err + shown.out

"""Any sequence of writes, transactions and restarts, compared with plain dictionaries."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import tablestore as ots
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulators.tablestore import TablestoreEmulator

from .support import (
    EXPECT_EXIST,
    EXPECT_NOT_EXIST,
    IGNORE,
    connect,
    create_table,
    scan,
    unhurried,
    where,
)

GLOBAL = ots.SecondaryIndexMeta("by_state", ["state"], ["n"])
LOCAL = ots.SecondaryIndexMeta("by_n", ["p", "n"], ["state"], ots.SecondaryIndexType.LOCAL_INDEX)

keys = st.tuples(st.sampled_from(["x", "y\x00", "y"]), st.integers(-1, 1))
states = st.sampled_from(["NEW", "PAID", ""])
numbers = st.integers(-2, 2)
columns = st.fixed_dictionaries(
    {}, optional={"state": states, "n": numbers, "free": st.one_of(numbers, states)}
)
expectations = st.sampled_from([IGNORE, IGNORE, EXPECT_EXIST, EXPECT_NOT_EXIST])
conditions = st.none() | st.tuples(
    st.sampled_from(["n", "state"]), st.one_of(numbers, states), st.booleans()
)

Row = dict[str, Any]
Rows = dict[tuple[str, int], Row]


class Against(RuleBasedStateMachine):
    """The emulator and the model take the same steps; refusals must agree as well."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.data = str(Path(self.folder.name) / "data.sqlite")
        self.rows: Rows = {}
        self.open: dict[str, tuple[str, Rows]] = {}
        self.emulator = TablestoreEmulator(self.data)
        self.client = connect(self.emulator)
        create_table(
            self.client,
            key=(("p", "STRING"), ("k", "INTEGER")),
            defined=(("state", "STRING"), ("n", "INTEGER")),
            indexes=(GLOBAL, LOCAL),
        )

    def teardown(self) -> None:
        self.emulator.close()
        self.folder.cleanup()

    def view(self, transaction_id: str | None) -> Rows:
        """The rows as a transaction sees them, or as everybody does."""
        if transaction_id is None:
            return self.rows
        partition, own = self.open[transaction_id]
        others = {key: row for key, row in self.rows.items() if key[0] != partition}
        return {**others, **own}

    def expected_refusal(
        self, key: Any, transaction_id: str | None, expect: str, when: Any
    ) -> str | None:
        partition = key[0]
        if transaction_id is not None and self.open[transaction_id][0] != partition:
            return "OTSDataOutOfRange"
        locked = {held for held, _ in self.open.values()}
        if transaction_id is None and partition in locked:
            return "OTSRowOperationConflict"
        row = self.view(transaction_id).get(key)
        if expect == EXPECT_EXIST and row is None:
            return "OTSConditionCheckFail"
        if expect == EXPECT_NOT_EXIST and row is not None:
            return "OTSConditionCheckFail"
        if when is not None:
            name, value, pass_if_missing = when
            found = (row or {}).get(name)
            holds = pass_if_missing if found is None else found == value
            return None if holds else "OTSConditionCheckFail"
        return None

    def attempt(self, key: Any, options: Any, call: Any, *arguments: Any) -> bool:
        """Send the write; whether it was (and should be) done."""
        transaction_id, expect, when = options
        condition = ots.Condition(expect)
        if when is not None:
            name, value, pass_if_missing = when
            condition.set_column_condition(where(name, value, pass_if_missing=pass_if_missing))
        refusal = self.expected_refusal(key, transaction_id, expect, when)
        try:
            call(*arguments, condition, transaction_id=transaction_id)
        except ots.OTSServiceError as error:
            assert error.code == refusal
            return False
        assert refusal is None
        return True

    def store(self, key: Any, transaction_id: str | None, row: Row | None) -> None:
        rows = self.rows if transaction_id is None else self.open[transaction_id][1]
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row

    def pick(self, data: st.DataObject) -> Any:
        transaction_id = data.draw(st.sampled_from([None, *self.open]))
        return transaction_id, data.draw(expectations), data.draw(conditions)

    @rule(data=st.data(), key=keys, row=columns)
    def put(self, data: st.DataObject, key: Any, row: Row) -> None:
        options = self.pick(data)
        sent = ots.Row([("p", key[0]), ("k", key[1])], list(row.items()))
        if self.attempt(key, options, self.client.put_row, "orders", sent):
            self.store(key, options[0], dict(row))

    @rule(data=st.data(), key=keys, puts=columns, deletions=st.sets(st.sampled_from(["n", "free"])))
    def update(self, data: st.DataObject, key: Any, puts: Row, deletions: set[str]) -> None:
        options = self.pick(data)
        names = sorted(deletions - set(puts))
        changes = {"PUT": list(puts.items()), "DELETE_ALL": names}
        if not puts and not names:
            return
        sent = ots.Row([("p", key[0]), ("k", key[1])], changes)
        old = self.view(options[0]).get(key)
        if self.attempt(key, options, self.client.update_row, "orders", sent):
            kept = {name: value for name, value in (old or {}).items() if name not in deletions}
            if old is not None or puts:
                self.store(key, options[0], {**kept, **puts})

    @rule(data=st.data(), key=keys, step=numbers)
    def increment(self, data: st.DataObject, key: Any, step: int) -> None:
        options = self.pick(data)
        sent = ots.Row([("p", key[0]), ("k", key[1])], {"INCREMENT": [("n", step)]})
        old = self.view(options[0]).get(key) or {}
        if self.attempt(key, options, self.client.update_row, "orders", sent):
            self.store(key, options[0], {**old, "n": old.get("n", 0) + step})

    @rule(data=st.data(), key=keys)
    def delete(self, data: st.DataObject, key: Any) -> None:
        options = self.pick(data)
        sent = [("p", key[0]), ("k", key[1])]
        if self.attempt(key, options, self.client.delete_row, "orders", sent):
            self.store(key, options[0], None)

    @rule(key=keys)
    def begin(self, key: Any) -> None:
        locked = key[0] in {partition for partition, _ in self.open.values()}
        try:
            transaction_id = self.client.start_local_transaction("orders", [("p", key[0])])
        except ots.OTSServiceError as error:
            assert (error.code, locked) == ("OTSRowOperationConflict", True)
            return
        assert not locked
        own = {other: dict(row) for other, row in self.rows.items() if other[0] == key[0]}
        self.open[transaction_id] = (key[0], own)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), commit=st.booleans())
    def end(self, data: st.DataObject, commit: bool) -> None:
        transaction_id = data.draw(st.sampled_from(list(self.open)))
        if commit:
            self.client.commit_transaction(transaction_id)
            self.rows = self.view(transaction_id)
        else:
            self.client.abort_transaction(transaction_id)
        del self.open[transaction_id]

    @rule()
    def restart(self) -> None:
        self.emulator.close()
        self.emulator = TablestoreEmulator(self.data)
        self.client = connect(self.emulator)
        self.open.clear()

    @invariant()
    def both_hold_the_same_rows(self) -> None:
        for transaction_id in (None, *self.open):
            expected = sorted(
                (key[0].encode(), key[1], row) for key, row in self.view(transaction_id).items()
            )
            found = [as_tuple(row) for row in self.scan("orders", transaction_id)]
            assert found == expected
            backward = self.scan("orders", transaction_id, direction="BACKWARD")
            assert [as_tuple(row) for row in backward] == expected[::-1]

    def scan(self, table: str, transaction_id: str | None = None, **options: Any) -> list[Any]:
        return scan(self.client, table, transaction_id=transaction_id, limit=3, **options)

    @invariant()
    def the_indexes_hold_what_follows_from_the_rows(self) -> None:
        by_state = sorted(
            (row["state"].encode(), key[0].encode(), key[1], picked(row, "n"))
            for key, row in self.rows.items()
            if "state" in row
        )
        assert [as_tuple(row) for row in self.scan("by_state")] == by_state
        by_n = sorted(
            (key[0].encode(), row["n"], key[1], picked(row, "state"))
            for key, row in self.rows.items()
            if "n" in row
        )
        assert [as_tuple(row) for row in self.scan("by_n")] == by_n


def picked(row: Row, name: str) -> Row:
    return {name: row[name]} if name in row else {}


def as_tuple(row: Any) -> tuple[Any, ...]:
    """Key values, strings as bytes to sort as the service does, then the columns."""
    key = (value.encode() if isinstance(value, str) else value for _, value in row.primary_key)
    return (*key, {name: value for name, value, _ in row.attribute_columns})


TestModel = Against.TestCase
TestModel.settings = settings(unhurried, max_examples=25, stateful_step_count=25)

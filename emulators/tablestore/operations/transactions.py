"""StartLocalTransaction, CommitTransaction, AbortTransaction: one write capacity unit each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..capacity import Capacity
from ..errors import TablestoreError, parameter_invalid
from ..messages import pb
from ..row_keys import check_key, parse_row
from ..schema import Table

if TYPE_CHECKING:
    from ..engine import Engine
    from ..records import Usage

_COST = Capacity(0, 1)


def start_local_transaction(engine: Engine, request: Any, usage: Usage) -> Any:
    """Lock one partition key of a table for at most 60 seconds."""
    usage.tables.append(request.table_name)
    table = engine.data_table(request.table_name)
    key = parse_row(request.key).key
    if len(key) != 1:
        raise parameter_invalid("StartLocalTransaction support only one primary key.")
    if table.base is not None:
        raise parameter_invalid("Can't write index table directly")
    partition_schema = Table(table.name, table.key[:1])
    value = check_key(partition_schema, key)[0]
    transaction = engine.transactions.start(table, value, engine.now_ms)
    usage.add(_COST)
    return pb.StartLocalTransactionResponse(transaction_id=transaction.id)


def commit_transaction(engine: Engine, request: Any, usage: Usage) -> Any:
    """Make the transaction's writes visible and free its lock."""
    transaction = engine.transactions.find(request.transaction_id, engine.now_ms)
    usage.tables.append(transaction.table.name)
    if transaction.table is not engine.store.tables.get(transaction.table.name):
        engine.transactions.end(transaction)
        raise TablestoreError("OTSSessionNotExist")
    transaction.commit(engine.index_due_ms())
    engine.transactions.end(transaction)
    usage.add(_COST)
    return pb.CommitTransactionResponse()


def abort_transaction(engine: Engine, request: Any, usage: Usage) -> Any:
    """Forget the transaction's writes and free its lock."""
    transaction = engine.transactions.find(request.transaction_id, engine.now_ms)
    usage.tables.append(transaction.table.name)
    engine.transactions.end(transaction)
    usage.add(_COST)
    return pb.AbortTransactionResponse()

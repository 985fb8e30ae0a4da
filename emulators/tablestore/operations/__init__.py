"""The service's APIs: one function each, named as the API in snake case.

Each takes the engine, the parsed request and the usage to count into, and returns the response
message or raises TablestoreError. `OPERATIONS` maps the API's name to (request class, function).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine import Engine
from ..messages import pb
from ..records import Usage
from . import batches, indexes, ranges, rows, tables, transactions

Operation = Callable[[Engine, Any, Usage], Any]

OPERATIONS: dict[str, tuple[Any, Operation]] = {
    "CreateTable": (pb.CreateTableRequest, tables.create_table),
    "ListTable": (pb.ListTableRequest, tables.list_table),
    "DescribeTable": (pb.DescribeTableRequest, tables.describe_table),
    "UpdateTable": (pb.UpdateTableRequest, tables.update_table),
    "DeleteTable": (pb.DeleteTableRequest, tables.delete_table),
    "CreateIndex": (pb.CreateIndexRequest, indexes.create_index),
    "DropIndex": (pb.DropIndexRequest, indexes.drop_index),
    "GetRow": (pb.GetRowRequest, rows.get_row),
    "PutRow": (pb.PutRowRequest, rows.put_row),
    "UpdateRow": (pb.UpdateRowRequest, rows.update_row),
    "DeleteRow": (pb.DeleteRowRequest, rows.delete_row),
    "GetRange": (pb.GetRangeRequest, ranges.get_range),
    "BatchGetRow": (pb.BatchGetRowRequest, batches.batch_get_row),
    "BatchWriteRow": (pb.BatchWriteRowRequest, batches.batch_write_row),
    "StartLocalTransaction": (
        pb.StartLocalTransactionRequest,
        transactions.start_local_transaction,
    ),
    "CommitTransaction": (pb.CommitTransactionRequest, transactions.commit_transaction),
    "AbortTransaction": (pb.AbortTransactionRequest, transactions.abort_transaction),
}

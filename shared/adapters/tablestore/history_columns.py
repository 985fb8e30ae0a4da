"""A history as columns: e0001, e0002, … in canonical JSON, and `head`, the end of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.tablestore.cells import Cell, numbered
from shared.domain.history import BrokenHistory, Event, History

if TYPE_CHECKING:
    from shared.adapters.tablestore.cells import RowReader

EVENT = "e"
HEAD = "head"
HEAD_LENGTH = 64


def history_columns(history: History) -> dict[str, Cell]:
    """Head and all events.

    An aggregate does not know which of its events a store holds already, so a save writes
    the few hundred bytes of the old ones again. That cannot alter them: the save's condition
    lets only who read exactly the stored version write, and events never change in memory.
    """
    columns: dict[str, Cell] = {HEAD: history.head}
    for place, event in enumerate(history.events, 1):
        columns[numbered(EVENT, place)] = event.canonical()
    return columns


def read_history(reader: RowReader) -> History:
    """The history of a row: complete, every event canonical; the chain itself is not verified.

    Loading checks the form only. The chain guards against edits behind our back, which an
    audit looks for (`verify_chain`); a hot path that stopped on one would also stop the
    honest payment.
    """
    head = reader.text(HEAD)
    names = reader.numbered(EVENT)
    if not names or len(head) != HEAD_LENGTH:
        raise reader.corrupt("history")
    try:
        events = tuple(Event.from_canonical(reader.text(name)) for name in names)
    except BrokenHistory:
        raise reader.corrupt("history") from None
    return History(head, events)

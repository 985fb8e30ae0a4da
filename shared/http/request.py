"""An HTTP request and its answer, as every handler sees them, whatever cloud brought them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """`path` is as sent (percent-encoding kept), header names are lower-case, body is raw."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    source_ip: str
    request_id: str
    parameters: Mapping[str, str] = _NOTHING


class Answer(NamedTuple):
    """A JSON value to answer with; `raw` instead where the body is somebody else's contract."""

    status: int
    value: Any = None
    raw: bytes | None = None
    headers: Mapping[str, str] = _NOTHING

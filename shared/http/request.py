"""An HTTP request and its answer, as every handler sees them, whatever cloud brought them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """`path` is as sent (percent-encoding kept), header names are lower-case, body is raw.

    `host` is the name, with a port where there was one, that the caller asked for; "" where the
    platform does not say.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    source_ip: str
    request_id: str
    parameters: Mapping[str, str] = _NOTHING
    host: str = ""


class Answer(NamedTuple):
    """A JSON value to answer with; `raw` instead where the body is somebody else's contract."""

    status: int
    value: Any = None
    raw: bytes | None = None
    headers: Mapping[str, str] = _NOTHING


class Platform(Protocol):
    """How one cloud's events become requests, and answers what it expects (fc_event.py)."""

    def request_id_of(self, context: object) -> str:
        """The platform's id of this invocation."""

    def parse_event(self, event: object, request_id: str) -> Request:
        """The request in an event; raises InvalidRequest for anything else."""

    def answer_dict(self, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """What the platform turns into the HTTP answer."""

"""The process of one function instance: loads the handler, then answers one request at a time.

`instances.py` starts this file as a script, so the process holds nothing but the interpreter, this
file and the function: what a measurement sees is the function's own. Before the handler is loaded
only modules built into the interpreter may be imported here. Frames are marshalled dictionaries.
"""

from __future__ import annotations

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

LOG_MARK = b"\x00end of "
_SAMPLE_REQUEST_ID = "1-00000000-00000000-000000000000"


class Fields:
    """Plain named values, such as `context.function.name`."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Context(Fields):
    """The second argument of a handler, in the shape of one runtime (document "Context").

    python3.12 has no credentials and no service, and a logger only after `getLogger()`; python3.10
    has both and no logger.
    """

    def __init__(self, request_id: str, about: dict[str, Any]) -> None:
        function = dict(about["function"])
        super().__init__(
            request_id=request_id, region=about["region"], account_id=about["account_id"]
        )
        if about["runtime"] == "python3.12":
            self.logger: Any = None
            self.log_project, self.log_store = about["log_project"], about["log_store"]
            function.update(qualifier="LATEST", version_id="")
        else:
            self.credentials = Fields(**about["credentials"])
            self.service = Fields(
                name="",
                log_project=about["log_project"],
                log_store=about["log_store"],
                qualifier="LATEST",
                version_id="",
            )
        self.function = Fields(**function)

    def getLogger(self) -> Any:  # noqa: N802 - the platform's own name
        """The root logger on python3.12; python3.10 has no such method."""
        if hasattr(self, "credentials"):
            raise AttributeError("getLogger")
        import logging

        self.logger = logging.getLogger()
        return self.logger


class FakeContext(Context):
    """A context for unit tests of handlers, with made-up values."""

    def __init__(
        self,
        request_id: str = _SAMPLE_REQUEST_ID,
        *,
        runtime: str = "python3.10",
        function_name: str = "tongbao-test",
        timeout_s: int = 10,
        memory_mb: int = 512,
    ) -> None:
        super().__init__(
            request_id,
            {
                "runtime": runtime,
                "region": "cn-hangzhou",
                "account_id": "1000000000000001",
                "log_project": "",
                "log_store": "",
                "function": {
                    "name": function_name,
                    "handler": "index.handler",
                    "memory": memory_mb,
                    "timeout": timeout_s,
                },
                "credentials": {
                    "access_key_id": "STS.fake",
                    "access_key_secret": "fake",
                    "security_token": "fake",
                },
            },
        )


class _LoadError(Exception):
    """The handler or initializer cannot be found."""


def _load(dotted: str) -> Callable[..., Any]:
    module_name, _, name = dotted.rpartition(".")
    __import__(module_name)
    function = getattr(sys.modules[module_name], name, None)
    if function is None:
        raise _LoadError(f"Handler '{name}' is missing on module '{module_name}'")
    loaded: Callable[..., Any] = function
    return loaded


def _to_bytes(result: Any) -> bytes:
    if isinstance(result, bytes):
        return result
    if isinstance(result, str):
        return result.encode("utf-8")
    import json

    return json.dumps(result).encode("utf-8")


def _error(error: BaseException) -> dict[str, Any]:
    """The documented form of an unhandled exception; the trace also goes to the log."""
    import json
    import traceback

    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__
    ]
    traceback.print_exception(type(error), error, error.__traceback__)
    kind = "HandlerNotFound" if isinstance(error, _LoadError) else type(error).__name__
    body = json.dumps(
        {
            "errorMessage": str(error),
            "errorType": kind,
            "stackTrace": [
                [
                    f'File "{frame.filename}"',
                    f"line {frame.lineno}",
                    f"in {frame.name}",
                    frame.line or "",
                ]
                for frame in frames
            ],
        }
    )
    return {"ok": False, "payload": body.encode("utf-8", "backslashreplace")}


class Worker:
    """Reads frames, runs the function, writes one frame for each."""

    def __init__(self, requests: BinaryIO, responses: BinaryIO) -> None:
        self._requests = requests
        self._responses = responses
        self._log_fd = os.dup(2)

    def run(self) -> None:
        """Serve until the parent closes the pipe."""
        about = marshal.load(self._requests)
        _isolate(about["path"])
        handler: Callable[..., Any] | None = None

        def initialize(_frame: dict[str, Any]) -> bytes:
            nonlocal handler
            handler = _load(about["handler"])
            if about["initializer"] is not None:
                _load(about["initializer"])(Context(about["request_id"], about))
            return b""

        def invoke(frame: dict[str, Any]) -> bytes:
            assert handler is not None
            return _to_bytes(handler(frame["event"], Context(frame["request_id"], about)))

        self._answer({"request_id": about["request_id"]}, initialize)
        while True:
            try:
                frame = marshal.load(self._requests)
            except EOFError:
                return
            self._answer(frame, invoke)

    def _answer(self, frame: dict[str, Any], work: Callable[[dict[str, Any]], bytes]) -> None:
        try:
            answer = {"ok": True, "payload": work(frame)}
        except SystemExit:
            raise
        except BaseException as error:  # whatever a function raises is the caller's answer
            answer = _error(error)
        self._mark_log(frame["request_id"])
        self._responses.write(marshal.dumps(answer, 4))
        self._responses.flush()

    def _mark_log(self, request_id: str) -> None:
        """Tell the log reader that everything this request printed is before this point."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        os.write(self._log_fd, LOG_MARK + request_id.encode("ascii") + b"\n")


def _isolate(path: list[str]) -> None:
    own_folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [*path, *(entry for entry in sys.path if entry != own_folder)]
    sys.argv[:] = [""]


def main() -> None:
    """Entry point of the process; the two pipe ends are numbered on the command line."""
    descriptors = [int(number) for number in sys.argv[1:3]]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    with os.fdopen(descriptors[0], "rb") as requests, os.fdopen(descriptors[1], "wb") as responses:
        Worker(requests, responses).run()


if __name__ == "__main__":
    main()

"""One emulated function: invocations through its pool, synchronous and asynchronous."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.fc.instances import Instance, InstanceSpec, Outcome
from emulators.fc.logs import FunctionLog
from emulators.fc.pool import InitializationError, Pool, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulators.fc.rendered import FunctionSpec

ACCOUNT_INSTANCE_LIMIT = 100


@dataclass(frozen=True)
class Invocation:
    """A finished invocation. `kind` is ok, error, timeout, exit or throttled."""

    request_id: str
    kind: str
    payload: bytes
    attempts: int = 1

    @property
    def ok(self) -> bool:
        """Whether the handler returned."""
        return self.kind == "ok"


def new_request_id(now_s: float) -> str:
    """A fresh id in the platform's form: 1-<time>-<8 hex>-<12 hex>."""
    return f"1-{int(now_s):08x}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"


class EmulatedFunction:
    """Runs one function. Safe to use from several threads."""

    def __init__(
        self,
        spec: FunctionSpec,
        instance_spec: InstanceSpec,
        *,
        now_s: Callable[[], float],
        retry_delay_s: float,
    ) -> None:
        self.spec = spec
        self.log = FunctionLog()
        self._instance_spec = instance_spec
        self._now_s = now_s
        self._retry_delay_s = retry_delay_s
        limit = spec.reserved_concurrency
        self.pool = Pool(self._start, ACCOUNT_INSTANCE_LIMIT if limit is None else limit)
        self._background = ThreadPoolExecutor(max_workers=4, thread_name_prefix=spec.name)
        self._pending: set[Future[Invocation]] = set()
        self._finished: list[Invocation] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def invoke(
        self, event: bytes, *, request_id: str | None = None, wait_for_instance: bool = False
    ) -> Invocation:
        """Run the handler once and wait for it; never raises for what the function does."""
        identity = request_id if request_id is not None else new_request_id(self._now_s())
        try:
            outcome = self._run(event, identity, wait_for_instance)
        except ThrottledError:
            return Invocation(identity, "throttled", b"")
        except InitializationError as error:
            outcome = error.outcome
        return Invocation(identity, outcome.kind, outcome.payload)

    def invoke_async(self, event: bytes, *, request_id: str | None = None) -> Future[Invocation]:
        """Queue one invocation; failures are retried as asyncInvokeConfig says.

        Unlike the platform, which waits between attempts, the delay is `retry_delay_s`.
        """
        identity = request_id if request_id is not None else new_request_id(self._now_s())
        future = self._background.submit(self._invoke_with_retries, event, identity)
        with self._lock:
            self._pending.add(future)
        future.add_done_callback(self._finish)
        return future

    def drain(self, timeout_s: float) -> list[Invocation]:
        """Wait until no asynchronous invocation is left; all that finished, in that order.

        Raises TimeoutError.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            with self._lock:
                pending = set(self._pending)
                if not pending:
                    return list(self._finished)
            if wait(pending, max(0.0, deadline - time.monotonic())).not_done:
                raise TimeoutError(f"{self.spec.name}: asynchronous invocations still run")

    def update(self, instance_spec: InstanceSpec) -> None:
        """Run what comes from now on in new instances, with these settings."""
        self._instance_spec = instance_spec
        self.pool.kill_all()

    def close(self) -> None:
        """Kill the instances and stop."""
        self._closing.set()
        self.pool.close()
        self._background.shutdown(wait=True, cancel_futures=True)

    def _start(self, request_id: str) -> Instance:
        return Instance(
            self._instance_spec,
            self.log,
            request_id=request_id,
            instance_id=f"c-{int(self._now_s()):08x}-{secrets.token_hex(8)}",
        )

    def _run(self, event: bytes, request_id: str, wait_for_instance: bool) -> Outcome:
        instance = self.pool.acquire(request_id, wait=wait_for_instance)
        outcome = Outcome("exit", b"")
        try:
            outcome = instance.invoke(request_id, event, self.spec.timeout_s)
            return outcome
        finally:
            self.pool.release(instance, outcome)

    def _invoke_with_retries(self, event: bytes, request_id: str) -> Invocation:
        attempts = 0
        while True:
            attempts += 1
            done = self.invoke(event, request_id=request_id, wait_for_instance=True)
            if done.ok or attempts > self.spec.async_retries or self._closing.is_set():
                return Invocation(request_id, done.kind, done.payload, attempts)
            self._closing.wait(self._retry_delay_s)

    def _finish(self, future: Future[Invocation]) -> None:
        with self._lock:
            self._pending.discard(future)
            if not future.cancelled() and future.exception() is None:
                self._finished.append(future.result())

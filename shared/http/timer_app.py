"""From a timer's event to its job, and to the platform's metrics: a job that fails, fails aloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.errors import InvalidRequest, TongbaoError
from shared.http import fc_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.ports import FactLog


class JobFailed(Exception):
    """The job could not be done; the message names it and a code, nothing else."""


class Job(NamedTuple):
    """What a timer starts: `run` answers with counts; `budget_ms` bounds all its calls."""

    budget_ms: int
    run: Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class TimerApp:
    """The jobs of one function, by the payload of their trigger.

    `begin` starts the invocation's deadline and log.
    """

    jobs: Mapping[str, Job]
    log: FactLog
    begin: Callable[[object, int], None]

    def __call__(self, event: object, context: object) -> dict[str, Any]:
        """What the job counted. Raises JobFailed: the next firing goes on where this one ended."""
        name = "unknown"
        try:
            payload = fc_event.timer_payload(event)
            job = self.jobs.get(payload)
            if job is None:
                raise InvalidRequest(reason="no_such_job")
            name = payload
            self.begin(context, job.budget_ms)
            counts = dict(job.run())
        except Exception as error:
            raise self._failure(name, error) from None
        self.log.fact("timer.done", job=name, **counts)
        return {"job": name, **counts}

    def _failure(self, name: str, error: Exception) -> JobFailed:
        """The one exception that leaves: another's text may hold what no log should."""
        code, reason = TongbaoError.code, type(error).__name__
        if isinstance(error, TongbaoError):
            code, reason = error.code, error.reason or ""
        self.log.fact("timer.failed", alarm=True, job=name, code=code, reason=reason)
        return JobFailed(f"{name}: {code} {reason}".rstrip())

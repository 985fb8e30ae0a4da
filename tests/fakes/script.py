"""What a test wants to happen around a port's next calls: a failure, or a rival."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Action = Callable[[], object]


class Script:
    """Actions to run, once each, before or after the effect of a named method.

    `before("save", raises(StoreUnavailable()))`  nothing is written, and the caller hears so.
    `before("save", raises(StoreUnknown()))`      nothing is written, the caller can't know.
    `after("save", raises(StoreUnknown()))`       it is written, the caller can't know.
    `before("save", lambda: orders.save(other))`  a rival comes first.

    Several actions for one method belong to its following calls, one each; None skips a call.
    """

    def __init__(self) -> None:
        self._before: dict[str, deque[Action | None]] = defaultdict(deque)
        self._after: dict[str, deque[Action | None]] = defaultdict(deque)

    def before(self, method: str, *actions: Action | None) -> None:
        """Run one action before the effect of each of the next calls."""
        self._before[method].extend(actions)

    def after(self, method: str, *actions: Action | None) -> None:
        """Run one action after the effect of each of the next calls that get that far."""
        self._after[method].extend(actions)

    def enter(self, method: str) -> None:
        """Called by the fake before its effect."""
        _run_next(self._before[method])

    def leave(self, method: str) -> None:
        """Called by the fake after its effect."""
        _run_next(self._after[method])


def raises(error: BaseException) -> Action:
    """An action that raises `error`."""

    def action() -> None:
        raise error

    return action


def _run_next(actions: deque[Action | None]) -> None:
    action = actions.popleft() if actions else None
    if action is not None:
        action()

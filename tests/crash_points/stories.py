"""All stories, by name; the modules beside this one tell them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.crash_points.stage import Stage

STORIES: dict[str, Story] = {}


@dataclass(frozen=True)
class Story:
    """What people do, and what kind of stage they do it on."""

    name: str
    tell: Callable[[Stage], None]
    setting: Mapping[str, Any]


def story(name: str, **setting: Any) -> Callable[[Callable[[Stage], None]], None]:
    """Register a story under its name."""
    def register(tell: Callable[[Stage], None]) -> None:
        STORIES[name] = Story(name, tell, setting)
    return register

"""What a seeded bug is: a small patch of ports or rules, and the story that has to trip over it.

A rule is patched where it is looked up: as a name of the module that calls it. The search plays
the story undisturbed, then with every single fault, until an invariant breaks; then the very
same run without the patch has to pass.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.crash_points.runs import play, single_plans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.crash_points.stage import Stage
    from tests.invariants import Broken

BUGS: dict[str, Bug] = {}


@dataclass(frozen=True)
class Bug:
    """`spoil` changes a stage's ports before the story begins, `rules` are (module, name): what
    stands there instead. `caught_by` is the number of the invariant that has to break.
    """

    name: str
    story: str
    caught_by: str
    rules: Mapping[tuple[Any, str], Any]
    spoil: Callable[[Stage], None] | None


class Catch(NamedTuple):
    """How a bug was found: after how many runs, under which plan of faults, by what."""

    runs: int
    plan: Mapping[int, str]
    broken: Broken


def bug(name: str, story: str, caught_by: str, rules: Mapping[tuple[Any, str], Any] | None = None,
        *, spoil: Callable[[Stage], None] | None = None) -> None:
    """Register a mistake."""
    assert name not in BUGS, name
    BUGS[name] = Bug(name, story, caught_by, rules or {}, spoil)


@contextmanager
def patched(rules: Mapping[tuple[Any, str], Any]) -> Iterator[None]:
    """The mistake is in the rules, until the end of the block."""
    with ExitStack() as undo:
        for (module, name), wrong in rules.items():
            undo.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, wrong)
        yield


def find(it: Bug) -> Catch | None:
    """The first run of its story that breaks an invariant; None when all of them pass."""
    plans: list[Mapping[int, str]] = [{}, *single_plans(it.story)]
    with patched(it.rules):
        for runs, plan in enumerate(plans, 1):
            run = play(it.story, plan, it.spoil)
            if run.broken is not None:
                return Catch(runs, plan, run.broken)
    return None

"""What people see: the table in the terminal, and docs/mutation.md."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.table import Table

from scripts.mutation.accepted import KINDS, Accepted, Score, total
from scripts.mutation.targets import DOMAIN, ROOT, VERIFICATION, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from scripts.mutation.forks import Verdict

DOCUMENT = ROOT / "docs" / "mutation.md"
LEAST_PERCENT = 90.0
LAYERS = {DOMAIN: "Domain", VERIFICATION: "Verification library"}

HEAD = """\
# Mutation score

`scripts/mutate` changes one thing in `shared/domain` or in the verification library (signatures,
decryption, keys, strict JSON, WeChat's fields, devices' proofs, key sets, what we sign), runs the
unit tests of that layer, and does so for every change it knows. A change that no test notices is
a survivor: a gap in the tests, or a change that makes no difference.
[Decision 15](decisions/0015-mutation-testing.md) says how. The state machine of activations does
not run, it is too slow for every change: the tests of single rules must notice without it.

    scripts/mutate                    all of it (about a quarter of an hour on two idle cores)
    scripts/mutate money notify       the files whose name has one of these words
    scripts/mutate --write            all of it, and this page anew

It fails when a layer has less than 90 % killed, when a mutant survives that is not listed
below, and when a listed one is killed. This page is written by `--write` from
`scripts/mutation/score.json` and `scripts/mutation/survivors.json`; a test in `scripts/test`
holds the three together, and holds every survivor to code that is still there.

## Score

Survivors count against the score, those without any effect too. *Left out* are changes that
only reword an exception's sentence; reason codes are not left out.
"""


def show(console: Console, chosen: Sequence[Target], found: Mapping[str, Score]) -> None:
    """The table of this run."""
    table = Table("file", *("mutants", "killed", "survived", "score"))
    for column in table.columns[1:]:
        column.justify = "right"
    for layer, title in LAYERS.items():
        files = [it.file for it in chosen if it.layer == layer]
        if not files:
            continue
        for file in files:
            table.add_row(file, *_cells(found[file]))
        table.add_row(f"[bold]{title}", *_cells(total(found[file] for file in files)),
                      end_section=True)
    console.print(table)


def show_verdicts(console: Console, title: str, verdicts: Sequence[Verdict]) -> None:
    """Mutants one by one, as a reader of the code wants them."""
    for verdict in verdicts:
        name = verdict.mutant.name
        console.print(f"\n{title}: {name.file}:{verdict.mutant.line} "
                      f"{name.where or '(module)'} [{verdict.mutant.operator}]", markup=False)
        for sign, text in (("-", name.before), ("+", name.after)):
            for line in text.splitlines():
                console.print(f"    {sign} {line}", markup=False, highlight=False)


def document(chosen: Sequence[Target], found: Mapping[str, Score],
             accepted: Sequence[Accepted]) -> str:
    """The text of docs/mutation.md; a chosen file without a score is said to have none."""
    lines = [HEAD]
    for layer, title in LAYERS.items():
        files = [it.file for it in chosen if it.layer == layer]
        lines += [f"| {title} | mutants | killed | survived | score | left out |",
                  "|---|--:|--:|--:|--:|--:|"]
        measured = [file for file in files if file in found]
        lines += [_row(f"`{file}`", found[file]) if file in found
                  else f"| `{file}` | not measured yet |" for file in files]
        lines += [_row("**all**", total(found[file] for file in measured)), ""]
    lines += ["## Survivors", ""]
    lines += [f"- *{kind}*: {meaning};" for kind, meaning in KINDS.items()]
    lines[-1] = lines[-1].removesuffix(";") + "."
    for file, group in groupby(accepted, key=lambda it: it.name.file):
        lines += ["", f"### {file}"]
        for (where, kind, reason), same in groupby(
                group, key=lambda it: (it.name.where, it.kind, it.reason)):
            lines += ["", f"`{where or '(module)'}` – *{kind}*: {reason}", "", "```diff"]
            for before, changes in groupby(same, key=lambda it: it.name.before):
                lines += [f"- {line}" for line in before.splitlines()]
                lines += [f"+ {line}" for it in changes
                          for line in (it.name.after or "(nothing)").splitlines()]
            lines.append("```")
    return "\n".join(lines) + "\n"


def _cells(score: Score) -> tuple[str, str, str, str]:
    return (str(score.mutants), str(score.killed), str(score.mutants - score.killed),
            f"{score.percent:.1f} %")


def _row(title: str, score: Score) -> str:
    return "| " + " | ".join((title, *_cells(score), str(score.left_out))) + " |"

"""Anchors: what every history's head was, day by day, kept where the store cannot reach.

A hash chain alone does not show that its newest events were cut off, or that all of it was
written anew. So each day the audit writes one file with the head of every history, and the next
audit looks whether each of those heads is still on the way to today's. The files are chained:
each begins with the SHA-256 of the one before, so none can be changed or left out either. Who
keeps the newest file's digest somewhere else (a note, another account) can prove all of it.

  {"at_s":…,"day":"2026-11-23","form":"tongbao.anchors.v1","previous":"<sha-256>","rows":2}
  ["licenses","<license_id>",3,"<head>"]
  ["orders","<order_id>",4,"<head>"]
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from scripts.auditing.days import day_of
from scripts.auditing.evidence import Finding
from scripts.auditing.names import canonical, heads
from scripts.auditing.row_checks import chains, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripts.auditing.evidence import Books

FORM = "tongbao.anchors.v1"
CHECK = "anchors"


class Anchored(NamedTuple):
    """What an audit of anchors came to: how many heads were looked at, and what was wrong."""

    looked_at: int
    findings: list[Finding]


class NoAnchors(Exception):
    """A file in the folder is not one of anchors."""


def verify(folder: Path, books: Books) -> Anchored:
    """Every anchored head is still in its row's history, and every file follows the one before."""
    findings: list[Finding] = []
    previous, newest = "", list[tuple[str, str, int, str]]()
    for path in files(folder):
        raw = path.read_bytes()
        header, newest = _read(path, raw)
        if header["previous"] != previous:
            findings.append(Finding(CHECK, path.name, "it does not follow the file before"))
        previous = hashlib.sha256(raw).hexdigest()
    stored = {(table, key): heads(kind, subject, chain.texts)
              for table, key, kind, subject, chain in chains(books)}
    for table, key, events, head in newest:
        known = stored.get((table, key))
        if known is None:
            text = "the row is gone, or cannot be read"
        elif len(known) <= events:
            text = "newer events were cut off"
        elif known[events] != head:
            text = "its history was written anew"
        else:
            continue
        findings.append(Finding(CHECK, shown(table, key), text))
    return Anchored(len(newest), findings)


def write(folder: Path, books: Books, now_s: int) -> Path | None:
    """Write today's file; None when today has one. Write only after `verify` found nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    before = files(folder)
    path = folder / f"{day_of(now_s)}.anchors"
    if path.exists() or (before and before[-1].name > path.name):
        return None
    rows = sorted([table, key, len(chain.events), chain.head]
                  for table, key, _, _, chain in chains(books))
    previous = hashlib.sha256(before[-1].read_bytes()).hexdigest() if before else ""
    header = {"form": FORM, "day": day_of(now_s), "at_s": now_s, "previous": previous,
              "rows": len(rows)}
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("".join(f"{canonical(line)}\n" for line in (header, *rows)), "utf-8")
    unfinished.replace(path)
    return path


def digest(path: Path) -> str:
    """What to keep somewhere else."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(folder: Path) -> list[Path]:
    """The files of anchors, oldest first."""
    return sorted(folder.glob("????-??-??.anchors"))


def _read(path: Path, raw: bytes) -> tuple[dict[str, Any], list[tuple[str, str, int, str]]]:
    try:
        header, *rows = [json.loads(line) for line in _lines(raw)]
        if (header["form"], header["rows"]) != (FORM, len(rows)):
            raise ValueError
        return header, [(str(table), str(key), int(events), str(head))
                        for table, key, events, head in rows]
    except (ValueError, KeyError, TypeError):
        raise NoAnchors(f"{path.name} is no whole file of anchors") from None


def _lines(raw: bytes) -> Iterator[str]:
    return (line for line in raw.decode("utf-8").split("\n") if line)

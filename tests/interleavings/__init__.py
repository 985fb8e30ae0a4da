"""Several callers over one order, switched at every call to a port, with faults at each.

    choices.py    what can happen next: who goes on, and how their call ends
    hub.py        runs one schedule: actors as greenlets, parked before every call to a port
    scene.py      the shop of the use-case tests, on a hub; brought back to its start cheaply
    marks.py      names states by content, so that one state is explored once
    runs.py       what is run: scenarios, wrong variants, one schedule
    explorer.py   all schedules within bounds, seeded random ones beyond, and replay
    actors.py     who takes part: notifies, polls, claims, retries, ...
    invariants.py what must hold at each write, at each answer and at the end
    scenarios.py  who meets whom
    wrong_variants.py  mistakes on purpose, each of which must be found

A failing schedule prints `replay("<scenario>", [choices])`; see `scenarios.replay`.
"""

"""Several callers over one order, switched at every call to a port, with faults at each.

    choices.py    what can happen next: who goes on, and how their call ends
    hub.py        runs one schedule: actors as greenlets, parked before every call to a port
    scene.py      the shop of the use-case tests, on a hub; brought back to its start cheaply
    marks.py      names states by content, so that one state is explored once
    runs.py       what is run: scenarios, wrong variants, one schedule
    explorer.py   all schedules within bounds, seeded random ones beyond, and replay
    actors.py     who takes part: notifies, polls, claims, refunds, timers, ...
    openings.py   what has happened to the order before they meet
    recovery.py   what production does when they have ended
    ends.py       how that may end, besides what `tests.invariants` wants of every store
    device_…      devices over the slots of a license: their actors, openings, answers, ends, and
                  device_rows.py, which looks at the row after every write
    scenarios.py  who meets whom (purchases, refund_scenarios, operator_scenarios,
                  device_scenarios); replay
    seeding.py    mistakes on purpose, and the search for a schedule that shows them
    wrong_variants.py, wrong_refunds.py, wrong_devices.py, wrong_removals.py  the mistakes

A failing schedule prints `replay("<scenario>", [choices])`; see `scenarios.replay`.
"""

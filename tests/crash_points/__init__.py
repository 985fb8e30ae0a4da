"""Crash points: every story, failing once (and twice) at every step, in every way.

`stage` is the shop with everybody in it, over virtual time; `stories` are what they do; `faults`
makes a step fail; `runs` plays a story under a plan of faults, lets production recover, and
checks every invariant (`tests.invariants`).
"""

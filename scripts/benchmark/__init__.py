"""This project beside what one would take instead, measured in one run. Started by scripts/bench.

`figures` and `rounds` are pure; each other module measures one thing; `report` shows them all.
"""

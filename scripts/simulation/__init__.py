"""A town in one process: buyers, WeChat Pay, timers, operators, clocks, faults; virtual time.

`scripts/simulate` runs it. One seed decides everything, so a seed that fails can be run again.
"""

"""In-memory implementations of the ports, for every test that is not about an adapter.

The stores keep the same contract as the real ones (tests/contract proves it on both), so a
test on them is a test of the rules, never of a simpler world.
"""

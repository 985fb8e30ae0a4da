"""`scripts/mutate`: are the unit tests of the domain and the verification library sharp enough?

Two Pythons: `generate` runs in .venv-mutation, beside the mutation library; all else runs in
.venv, so that the tests run where they always run (docs/decisions/0015-mutation-testing.md).
"""

"""What `scripts/test` runs: lint, types, the tests, and a part of them on the other Pythons."""

"""Measurements: each states a rate or a time beside a limit or a peer of the same run. `make bench` runs them."""

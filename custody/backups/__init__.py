"""A backup of a ledger, and a ledger from a backup."""

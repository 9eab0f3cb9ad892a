"""The demo: a ledger of its own, a made-up day of several agencies, and the questions that are asked of it."""

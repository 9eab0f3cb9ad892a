"""The ledger: facts, the record of a child, decisions, the wire format and the recording application."""

"""Everything that reads the agencies' messages into the ledger: intake, and what is set aside."""

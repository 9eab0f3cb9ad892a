"""The event store: the transaction of intake, look-ups, own records, migrations."""

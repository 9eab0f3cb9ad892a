"""Everything that writes to Kafka: the agency client, importers, the simulator, the relay."""

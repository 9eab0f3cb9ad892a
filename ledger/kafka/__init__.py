"""The wire and the topics: CloudEvents, entries on Kafka, record batches, seals, and how far each topic is."""

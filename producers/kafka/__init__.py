"""Batches and transactions of the Kafka client, and transactions it left hanging."""

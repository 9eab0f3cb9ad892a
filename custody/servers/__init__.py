"""The private PostgreSQL and Kafka that `custody up` starts where no servers are configured."""

"""Do PostgreSQL, Kafka, the feeds and the read tables say the same?"""

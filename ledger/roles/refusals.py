"""Why a role refuses to work: trying again changes nothing until somebody does what the message says."""


class RefusedError(Exception):
    """A role cannot do its work until somebody does what the message says."""


class KafkaAheadError(RefusedError):
    """Kafka holds entries that PostgreSQL does not: writing on would tell two stories under one position."""

"""A server is named without its password."""

import pytest

from custody.supervision.reach import without_password


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://custody:s3cret@127.0.0.1:5432/custody", "postgresql://custody@127.0.0.1:5432/custody"),
        (
            "postgresql://custody@db/custody?password=s3cret&sslmode=require",
            "postgresql://custody@db/custody?sslmode=require",
        ),
        ("postgresql://db/custody", "postgresql://db/custody"),
        ("host=db user=custody password=s3cret sslpassword=s3cret", "user=custody host=db"),
    ],
)
def test_no_way_of_writing_a_databases_address_shows_its_password(given: str, shown: str) -> None:
    """What status prints goes into monitors and tickets."""
    assert without_password(given) == shown

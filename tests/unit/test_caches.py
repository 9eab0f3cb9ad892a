"""How much memory the private PostgreSQL takes for its pages: an eighth, within bounds."""

import pytest

from custody.servers.postgres import caches

GIGABYTE = 1 << 30


@pytest.mark.parametrize(
    ("memory", "pages"), [(24 * GIGABYTE, "3072MB"), (GIGABYTE // 2, "128MB"), (512 * GIGABYTE, "8192MB")]
)
def test_an_eighth_of_the_memory_is_for_pages_within_bounds(memory: int, pages: str) -> None:
    """A small machine keeps what PostgreSQL begins with; a large one gives no more than a ledger needs."""
    assert caches(memory)["shared_buffers"] == pages

"""`python -m bench.sending BOOTSTRAP PREFIX`: sends rows of releases as fast as it can, until it is killed."""

import itertools
import sys

from bench.parts import RowsSender, rows

MOST = 553_322

if __name__ == "__main__":
    source = RowsSender(sys.argv[1])
    for again in itertools.count():
        for row in rows(MOST):
            source.send(row, f"{sys.argv[2]}{again}-")

"""`python -m custody.publishing`: write the documents made from the code, or check that they are in step with it."""

import sys

from custody.publishing.documents import main

if __name__ == "__main__":
    sys.exit(main())

"""Questions about duties: of one child, of all, and which have changed."""

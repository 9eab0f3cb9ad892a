"""The rebuild: a new version of the tables beside the live one, compared with it, and swapped in."""

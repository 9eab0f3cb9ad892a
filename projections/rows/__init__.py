"""Pure: the rows of the read tables, made of a person's entries, and the persons they are made of."""

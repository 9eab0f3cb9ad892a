"""A submission or receipt as it comes in: its form, its size, and the members nobody may store."""

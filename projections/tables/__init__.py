"""The read tables: their versions, their SQL, and writing rows."""

"""The read tables: columns, versions, SQL, and writing rows."""

"""Starting, watching, and showing the roles and the servers of one data folder."""

"""The verbs of the command line, a file a group of verbs."""

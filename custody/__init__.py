"""The command `custody`: settings, embedded servers, running the roles, the verbs."""

"""What every process needs: settings, logs, readiness, the loop of a role, work that one process does at a time."""

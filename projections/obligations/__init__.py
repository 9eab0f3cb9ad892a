"""The duties of one person: what opens, meets and ends them, and their rows."""

"""Rule sets, what of an entry one agency is told, and the fold that says what stands on which feed."""

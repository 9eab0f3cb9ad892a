"""Read models: pure functions from entries to rows, the follower that applies them, the rebuild."""

"""What an agency runs: send, learn what became of it, read its feed, and sign for it."""

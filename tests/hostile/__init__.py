"""Hostile and careless senders: messages of every kind that nobody should send, made from a seed."""

"""Answers as text that can go into a report."""

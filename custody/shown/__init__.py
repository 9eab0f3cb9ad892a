"""How answers and imports are shown: JSON, text, progress."""

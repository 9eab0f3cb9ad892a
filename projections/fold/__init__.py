"""Pure: from entries, as corrections and voids leave them, to the four regions of one person's state."""

"""Golden bytes: one submission and one entry for every wire name ever shipped. What stands here never changes."""

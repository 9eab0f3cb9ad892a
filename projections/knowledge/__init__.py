"""Pure: moments of knowledge, the known set, a viewpoint, what one side holds, and where two sides differ."""

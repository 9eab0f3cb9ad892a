"""Questions about the population: figures, as recorded or as an agency knew them, and who was differently known."""

"""What each agency holds of every child, kept as rows from which the population's figures are counted."""

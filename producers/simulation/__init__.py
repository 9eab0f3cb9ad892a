"""Made-up children and what the agencies would send about them; no name, number or place is anybody's."""

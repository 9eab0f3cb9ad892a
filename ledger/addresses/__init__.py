"""What an address is: its words, its classes, and which states a ZIP code lies in (domain (c))."""

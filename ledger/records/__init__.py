"""The record of a child: its entries as they stand, what names it, and which records are one person."""

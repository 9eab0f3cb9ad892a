"""Tables as people keep them: text in any locale, packed or not, or sheets of a workbook."""

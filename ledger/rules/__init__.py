"""The rules H, C, G and W: the catalogue, which fact meets which rule, one file a theme, and the decision on a batch.

Nothing here reads a clock; a rule is a question put to a child's record.
"""

"""The rules of `ledger.rules`, each as a question put to a child's record. Nothing here reads a clock or raises."""

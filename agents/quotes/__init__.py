"""Passages in, the statements of documents that answer out, word for word."""

"""Conversations, exports and documents in, a data set without personal data, copies and leaks out."""

"""What a message wants, told by a classical or a tuned model."""

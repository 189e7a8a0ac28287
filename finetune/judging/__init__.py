"""What models say, what that is worth, which difference is real, and whether tuning is the medicine at all."""

"""The operators' desk: the page on which people of the company answer, decide and give back."""

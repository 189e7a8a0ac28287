"""Numbers with the noun that they count, as people write them: "1 document", "2 documents"."""


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number and its noun.

    Args:
        several: the noun's plural, where an "s" does not make it.

    >>> counted(1, "document"), counted(0, "document"), counted(2, "desk entry", "desk entries")
    ('1 document', '0 documents', '2 desk entries')
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"

"""A mail's text whose lines say where they were broken only for the width (RFC 3676, `format=flowed`).

A line that ends with a space goes on in the next one.
"""

_SIGNATURE = "-- "


def unflow(text: str, *, deletes_spaces: bool = False) -> str:
    """Return the text with each paragraph on one line.

    Args:
        text: With line feeds at line ends.
        deletes_spaces: Whether the space that says so is no part of the text, as where words are not parted by any.
    """
    written: list[str] = []
    open_depth = -1
    """How often the last line is quoted, where it goes on; -1 where it does not."""
    for line in text.split("\n"):
        said = line.lstrip(">")
        depth = len(line) - len(said)
        said = said.removeprefix(" ")
        goes_on = said.endswith(" ") and said != _SIGNATURE
        shown = said[:-1] if goes_on and deletes_spaces else said
        if depth == open_depth and said not in ("", _SIGNATURE):
            written[-1] += shown
        else:
            written.append(f"{'>' * depth} {shown}" if depth else shown)
        open_depth = depth if goes_on else -1
    return "\n".join(written)

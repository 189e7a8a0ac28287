"""What an operator is told of documents whose language the embedder does not know: numbers -> a sentence, commands."""

from collections.abc import Mapping

from knowledge.counting import counted

CURE = (
    'write embedder = "multilingual" in frontdesk.toml, then: frontdesk models get multilingual-e5-small and, '
    "while no server runs, frontdesk ingest --reindex"
)


def sentence(foreign: Mapping[str, int]) -> str:
    """Return what to do about `{"documents", "of"}` of an ingest's report."""
    are = "is" if foreign["documents"] == 1 else "are"
    return (
        f"{foreign['documents']:,} of {counted(foreign['of'], 'document')} {are} in Chinese, Japanese or Korean, which "
        f"the embedder does not know, and found by words alone. To find by meaning too: {CURE}"
    )

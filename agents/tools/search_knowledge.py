"""The tool that reads the company's documents."""

from typing import Annotated

from pydantic import Field

from agents.errors import ToolError
from agents.finding import search
from agents.tools.context import ToolContext
from agents.tools.tool import Tool
from knowledge.passages import Passage

NOTHING = "Nothing found. Search again with other words, or say that the documents do not answer this."


def search_knowledge(
    context: ToolContext,
    question: Annotated[str, "What to look for: a full question or the key words, in the customer's language."],
    limit: Annotated[int, "How many passages to return.", Field(ge=1, le=8)] = 4,
) -> str:
    """Search the company's documents and return numbered passages.

    Cite a passage by its number, such as [1]. State nothing that no passage says.
    """
    if not question.strip():
        raise ToolError("The question is empty. Search for what the customer wants to know.")
    found = search(
        context.library,
        question,
        history=context.history,
        limit=limit,
        collections=context.collections,
        audiences=context.audiences,
        only_current=True,
    )
    numbers = context.sightings.add(question, found)
    if not found.passages:
        return NOTHING
    return "\n\n".join(_shown(number, passage) for number, passage in zip(numbers, found.passages, strict=True))


def _shown(number: int, passage: Passage) -> str:
    where = " > ".join(part for part in (passage.title, *passage.headings) if part)
    page = f", page {passage.page}" if passage.page else ""
    dated = f" ({passage.dated})" if passage.dated else ""
    header = f"\n({passage.header})" if passage.header else ""
    return f"[{number}] {where}{page}{dated}{header}\n{passage.text}"


TOOL = Tool(search_knowledge, effect="read")

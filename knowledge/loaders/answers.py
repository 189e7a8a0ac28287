"""Rows that are a question and its answer, whatever file they stand in."""

from collections.abc import Mapping, Sequence

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.markup import plain

_QUESTION_NAMES = ("question", "questions", "问题", "提问", "frage", "fragen", "pregunta", "domanda", "vraag")
_ANSWER_NAMES = (
    "answer",
    "answers",
    "答案",
    "回答",
    "答复",
    "antwort",
    "antworten",
    "réponse",
    "respuesta",
    "risposta",
    "antwoord",
)


def answer_columns(names: Sequence[str]) -> tuple[str, str] | None:
    """Return the names of the question's and the answer's column as they are written; None when either is missing."""
    plain = {name.strip().casefold(): name.strip() for name in reversed(names)}
    question = next((plain[name] for name in _QUESTION_NAMES if name in plain), None)
    answer = next((plain[name] for name in _ANSWER_NAMES if name in plain), None)
    return (question, answer) if question is not None and answer is not None else None


def build_answer(row: Mapping[str, str], columns: tuple[str, str], *, number: int) -> Document | None:
    """Return the row as a document named `#number`; None when it lacks the question or the answer.

    The question is its title and its heading, so that only the answer can be quoted.
    """
    question, answer = (" ".join(row.get(columns[0], "").split()), plain(row.get(columns[1], "")).strip())
    if not question or not answer:
        return None
    builder = DocumentBuilder()
    builder.add("heading", question, level=1)
    for paragraph in answer.split("\n\n"):
        builder.add("paragraph", paragraph)
    extra = {name: value.strip() for name, value in row.items() if name and name not in columns and value.strip()}
    return builder.build(title=question, name=f"#{number}", metadata=extra)

"""What the API takes: the bodies of its requests, checked.

JSON -> body, or one sentence about what is wrong
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

from assistant.database import storable

QUESTION_CHARACTERS = 4000
COMMENT_CHARACTERS = 4000
UNREADABLE = "There was an error parsing the body"
"""What FastAPI says of bytes that are no text."""
NO_JSON = "The body is no JSON in UTF-8."
NO_OBJECT = "The body must be a JSON object, sent with the header Content-Type: application/json."


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConversationBody(_Body):
    language: Literal["en", "zh"] | None = None
    session: str = Field("", max_length=2000)
    """Who the customer is, signed by the company's own site; the header X-Customer-Session says the same."""


class QuestionBody(_Body):
    question: str
    language: Literal["en", "zh"] | None = None
    approval: str = Field("", max_length=64)
    """The key of the write that this yes or no answers; then it can answer no other."""
    key: str = Field("", max_length=200)
    """Stands for this question in this conversation, however often it is sent; "" asks each anew."""

    @field_validator("question")
    @classmethod
    def _check_length(cls, question: str) -> str:
        question = storable(question).strip()  # NUL alone is no question: one without words is not a customer's
        if not question:
            raise ValueError("The question is empty.")
        if len(question) > QUESTION_CHARACTERS:
            raise ValueError(
                f"The question is too long: {len(question):,} characters, at most {QUESTION_CHARACTERS:,}."
            )
        return question


class FeedbackBody(_Body):
    rating: Literal["up", "down"]
    comment: str = Field("", max_length=COMMENT_CHARACTERS)


class IngestBody(_Body):
    paths: list[Path]
    """Absolute, on the server's machine; none only together with `reindex`."""
    collection: str = "default"
    audience: str | None = None
    """None for everyone, which is refused where something below the paths is held for fewer."""
    prune: StrictBool = False
    prune_empty: StrictBool = False
    reindex: StrictBool = False
    forget: StrictBool = False
    """Remove what was read from the paths, and read nothing."""

    @field_validator("paths")
    @classmethod
    def _check_absolute(cls, paths: list[Path]) -> list[Path]:
        for path in paths:
            if not path.is_absolute():
                raise ValueError(f"The path {path} is not absolute.")
        return paths

    @model_validator(mode="after")
    def _check_something_to_do(self) -> "IngestBody":
        if not self.paths and (self.forget or not self.reindex):
            raise ValueError("Give at least one path.")
        return self


def sentence_of(fault: Mapping[str, Any]) -> str:
    """Say one fault of a request in words; our own sentences are taken as they are."""
    if fault["type"] == "json_invalid":
        return f"The body is no JSON: {fault.get('ctx', {}).get('error', '')}, at character {fault['loc'][-1]}."
    if tuple(fault["loc"]) == ("body",) and fault["type"] in ("missing", "model_attributes_type"):
        return NO_OBJECT
    message = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    where = ".".join(str(part) for part in fault["loc"][1:])
    return f"{message}." if fault["type"] == "value_error" or not where else f"{where}: {message}."

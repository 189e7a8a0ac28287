"""Personal data out of examples, first of all.

    Candidate -> customers' data replaced in what was said; replies that need it left out -> Candidate | Dropped

A model can repeat what it was trained on, to anybody. So what it learns to say holds no personal data, and not the
placeholder for it either: "Dear [name]" would be said to customers as it stands. Who is greeted by name, or signs, is
looked for in the whole conversation, since a name that stands alone has no form of its own. Passages are the company's
own words and stay as they serve; what stands in them, such as the address of its help desk, is nobody's secret.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agents.privacy import PLACEHOLDERS, find
from agents.transcript import Language
from finetune.candidates import Candidate, Dropped
from finetune.examples import Example

PASSAGES_END = "</passages>"
"""What the prompt of answers closes its passages with; `agents.prompts` lets no other text say it."""
SHORTEST_NAME = 3
"""Letters of a part of a name from which it is looked for on its own; a name that stands alone, as Jo, may have two."""
GREETINGS = (
    r"dear|hello|hi|hey|good (?:morning|afternoon|evening)|thanks|thank you|many thanks|亲爱的|尊敬的|您好|你好|谢谢"
)
CLOSINGS = r"regards|wishes|sincerely|faithfully|truly|cheers|thanks|all the best|take care|yours"
NOT_NAMES = frozenset(
    {"there", "all", "everyone", "everybody", "team", "customer", "sir", "madam", "sirs", "folks", "support", "ok"}
)
_PLACED = "|".join(re.escape(text) for texts in PLACEHOLDERS.values() for text in texts.values())
_PLACED_NAME = "|".join(re.escape(texts["name"]) for texts in PLACEHOLDERS.values())
_PLACEHOLDER = re.compile(_PLACED)
_GREETED = re.compile(
    rf"^\s*(?i:{GREETINGS}),?\s+(?P<name>[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?)(?=\s*(?:[,!.:]|$))", re.MULTILINE
)
_SIGNED = re.compile(rf"\b(?i:{CLOSINGS})\s*,\s*(?P<name>[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?)\s*[.!]?\s*$")
_GREETED_PLACE = re.compile(rf"^(\s*(?:{GREETINGS}))[,，]?\s*(?:{_PLACED_NAME})(?:先生|女士|小姐)?", re.I | re.M)
_SIGNED_PLACE = re.compile(rf"(\b(?:{CLOSINGS})\b)\s*,?\s*(?:{_PLACED_NAME})", re.I)


def clean(candidate: Candidate, *, own: Sequence[str] = ()) -> Candidate | Dropped:
    """Return a candidate without personal data, or why it is none.

    Args:
        own: Texts of the company, such as its contact: what stands in them is not personal.
    """
    parts = said_parts(candidate.example)
    public = "\n".join([*own, *(company for company, _ in parts)])
    names = frozenset(name for name in names_in(said for _, said in parts) if name not in public)
    language = candidate.language

    def cleaned(text: str) -> str:
        return redact(text, language, public=public, names=names)

    asked, reply = cleaned(candidate.asked), without_placed_names(cleaned(candidate.reply))
    if reply != candidate.reply and _PLACEHOLDER.search(reply):
        held = ", ".join(sorted(set(_PLACEHOLDER.findall(reply))))
        return Dropped("personal data in the reply", asked, candidate.example.source, held)
    if not reply:
        return Dropped("not answered", asked, candidate.example.source)
    messages = candidate.example.messages
    contents = [company + cleaned(said) for company, said in parts[:-1]] + [reply]
    changed = tuple({**message, "content": new} for message, new in zip(messages, contents, strict=True))
    return replace(candidate, example=replace(candidate.example, messages=changed), asked=asked)


def said_parts(example: Example) -> list[tuple[str, str]]:
    """Return each message as (the company's own words, what was said in the conversation).

    Only the last question of an answer comes with passages; whatever else looks like their end was written by somebody.
    """
    last = max((place for place, message in enumerate(example.messages) if message["role"] == "user"), default=-1)
    parts = []
    for place, message in enumerate(example.messages):
        content = str(message["content"])
        if message["role"] == "system":
            parts.append((content, ""))
        elif example.task == "answer" and place == last and PASSAGES_END in content:
            head, mark, said = content.rpartition(PASSAGES_END)
            parts.append((head + mark, said))
        else:
            parts.append(("", content))
    return parts


def redact(text: str, language: Language, *, public: str = "", names: Iterable[str] = ()) -> str:
    """Return a text with placeholders for personal data that does not stand in `public`.

    Args:
        names: Known from elsewhere, to be replaced wherever they stand as words.
    """
    pieces, last = [], 0
    for found in find(text):
        if not public or text[found.start : found.end] not in public:
            pieces += [text[last : found.start], PLACEHOLDERS[language][found.kind]]
            last = found.end
    redacted = "".join([*pieces, text[last:]])
    placeholder = PLACEHOLDERS[language]["name"]
    for name in sorted(names, key=len, reverse=True):
        redacted = re.sub(rf"(?<!\w){re.escape(name)}(?:[’']s)?(?!\w)", placeholder, redacted)
    return redacted


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the names that are said, signed or greeted in a conversation, whole and in parts."""
    found: set[str] = set()
    for text in texts:
        whole = [text[one.start : one.end] for one in find(text) if one.kind == "name"]
        whole += [match["name"] for form in (_GREETED, _SIGNED) for match in form.finditer(text)]
        for name in whole:
            parts = [part for part in re.split(r"[\s.]+", name) if part.casefold() not in NOT_NAMES]
            shortest = SHORTEST_NAME if len(parts) > 1 else 2
            found |= {part for part in parts if len(part) >= shortest or not part.isascii()}
    return frozenset(found)


def without_placed_names(text: str) -> str:
    """Return a reply that names nobody in its greeting and below its end: "Hello [name]," is "Hello,"."""
    return _SIGNED_PLACE.sub(r"\1", _GREETED_PLACE.sub(r"\1", text)).strip()

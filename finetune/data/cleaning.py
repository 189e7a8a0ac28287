"""Personal data out of examples, first of all.

    Candidate -> customers' data replaced in what was said; replies that need it left out -> Candidate | Dropped

A model can repeat what it was trained on, to anybody. So what it learns to say holds no personal data, and not the
placeholder for it either: "Dear [name]" would be said to customers as it stands. Who is greeted by name, or signs, is
looked for in the whole conversation, since a name that stands alone has no form of its own. Passages and our own
prompts are the company's words and stay as they serve; what stands in them, such as the address of its help desk, is
nobody's secret. A system message that was imported is neither: it may tell the model who the customer is.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agents.privacy import PLACEHOLDERS, find
from agents.privacy_forms import CHINESE_NAME, NO_CN_NAMES
from agents.transcript import Language
from finetune.data.candidates import Candidate, Dropped
from finetune.data.structured import cleaned_calls, cleaned_json, spoken
from finetune.examples import Example, Task, all_of, is_learned
from knowledge.text import count_cjk

PASSAGES_END = "</passages>"
"""What the prompt of answers closes its passages with; `agents.prompts` lets no other text say it."""
SHORTEST_NAME = 3
"""Letters of a part of a name from which it is looked for on its own; a name that stands alone, as Jo, may have two."""
SHORTEST_NICKNAME = 4
"""Signs of a Chinese name that has no surname's form: shorter ones are words."""
GREETINGS = (
    r"dear|hello|hi|hey|good (?:morning|afternoon|evening)|thanks|thank you|many thanks|亲爱的|尊敬的|您好|你好|谢谢"
)
CLOSINGS = r"regards|wishes|sincerely|faithfully|truly|cheers|thanks|all the best|take care|yours"
NOT_NAMES = frozenset(
    {"there", "all", "everyone", "everybody", "team", "customer", "sir", "madam", "sirs", "folks", "support", "ok"}
    | {"service", "help", "desk", "sales", "order", "orders", "returns", "office", "info", "contact", "care", "shop"}
)
_PLACED = "|".join(re.escape(text) for texts in PLACEHOLDERS.values() for text in texts.values())
_PLACED_NAME = "|".join(re.escape(texts["name"]) for texts in PLACEHOLDERS.values())
_PLACEHOLDER = re.compile(_PLACED)
_GREETED = re.compile(
    rf"^\s*(?i:{GREETINGS}),?\s+(?P<name>[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?)(?=\s*(?:[,!.:]|$))", re.MULTILINE
)
_SIGNED = re.compile(rf"\b(?i:{CLOSINGS})\s*,\s*(?P<name>[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?)\s*[.!]?\s*$")
_GREETED_PLACE = re.compile(rf"^(\s*(?:{GREETINGS}))[,，]?\s*(?:{_PLACED_NAME})(?:先生|女士|小姐)?", re.I | re.M)
_NAMED_FIRST = re.compile(rf"^\s*(?:{_PLACED_NAME})(?:先生|女士|小姐)?[,，]?\s*(?=您好|你好)", re.M)
_SIGNED_LINE = re.compile(rf"\n\s*(?:{_PLACED_NAME})\s*$")
_SIGNED_PLACE = re.compile(rf"(\b(?:{CLOSINGS})\b)\s*,?\s*(?:{_PLACED_NAME})", re.I)


def clean(candidate: Candidate, *, own: Sequence[str] = ()) -> Candidate | Dropped:
    """Return a candidate without personal data, or why it is none.

    Args:
        own: Texts of the company, such as its contact: what stands in them is not personal.
    """
    example, language = candidate.example, candidate.language
    parts = said_parts(example, is_imported=candidate.is_imported)
    public = "\n".join([*own, *(company for company, _ in parts)])
    texts = [*(said for _, said in parts), *(text for message in example.messages for text in spoken(message))]
    names = names_in(texts) | parts_of(candidate.names, "\n".join(texts))
    names = frozenset(name for name in names if name not in public)

    def cleaned(text: str) -> str:
        return redact(text, language, public=public, names=names)

    pairs = zip(example.messages, parts, strict=True)
    messages = tuple(_cleaned_message(message, *part, example.task, cleaned) for message, part in pairs)
    asked, last = cleaned(candidate.asked), messages[-1]
    if held := _learned_data(example.messages, messages):
        return Dropped("personal data in the reply", asked, example.source, ", ".join(held))
    if not last["content"] and not last.get("tool_calls"):
        return Dropped("not answered", asked, example.source)
    return replace(candidate, example=replace(example, messages=messages), asked=asked)


def said_parts(example: Example, *, is_imported: bool = False) -> list[tuple[str, str]]:
    """Return each message as (the company's own words, what was said in the conversation).

    Only the last question of an answer comes with passages; whatever else looks like their end was written by somebody.

    Args:
        is_imported: Whether it came ready made: a system message is then no prompt of ours, and may name a customer.
    """
    last = max((place for place, message in enumerate(example.messages) if message["role"] == "user"), default=-1)
    parts = []
    for place, message in enumerate(example.messages):
        content = str(message["content"])
        if message["role"] == "system" and not is_imported:
            parts.append((content, ""))
        elif example.task == "answer" and place == last and PASSAGES_END in content:
            head, mark, said = content.rpartition(PASSAGES_END)
            parts.append((head + mark, said))
        else:
            parts.append(("", content))
    return parts


def _cleaned_message(
    message: Mapping[str, Any], company: str, said: str, task: Task, cleaned: Callable[[str], str]
) -> dict[str, Any]:
    """Return a message without personal data in what was said, called and returned."""
    role = message["role"]
    is_structured = role == "tool" or (task == "agent" and role == "assistant")
    text = cleaned_json(said, cleaned) if is_structured else cleaned(said)
    if role == "assistant":
        text = without_placed_names(text)
    changed = {**message, "content": company + text}
    if message.get("tool_calls"):
        changed["tool_calls"] = cleaned_calls(message["tool_calls"], cleaned)
    if role in ("user", "assistant"):
        changed.pop("name", None)  # OpenAI's name of who speaks; a tool's is the tool's
    return changed


def _learned_data(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the placeholders that the model would learn to say, sorted.

    All that an assistant says is learned, unless it is context. An earlier message, such as the call that looked a
    customer up, may repeat a placeholder that the conversation holds before it; the last may hold none.
    """
    stood: set[str] = set()
    held: set[str] = set()
    for place, (old, new) in enumerate(zip(before, after, strict=True), 1):
        placed = set(_PLACEHOLDER.findall(all_of(new)))
        if is_learned(new) and all_of(new) != all_of(old):
            held |= placed if place == len(after) else placed - stood
        stood |= placed
    return sorted(held)


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
    if not (spans := [_name_form(name) for name in sorted(names, key=len, reverse=True)]):
        return redacted
    return re.sub("|".join(spans), PLACEHOLDERS[language]["name"], redacted)


def names_in(texts: Sequence[str]) -> frozenset[str]:
    """Return the names that are said, signed or greeted in a conversation, or stand in its addresses, in parts."""
    found: set[str] = set()
    for text in texts:
        whole = [text[one.start : one.end] for one in find(text) if one.kind == "name"]
        whole += [match["name"] for form in (_GREETED, _SIGNED) for match in form.finditer(text)]
        for name in whole:
            parts = [part for part in re.split(r"[\s.]+", name) if part.casefold() not in NOT_NAMES]
            shortest = SHORTEST_NAME if len(parts) > 1 else 2
            found |= {part for part in parts if len(part) >= shortest or not part.isascii()}
    return frozenset(found | _names_in_addresses("\n".join(texts)))


def parts_of(names: Iterable[str], text: str) -> frozenset[str]:
    """Return the parts of known names that are to be looked for in a text, those of whole names first of all.

    A part that the text also has as a word of its own in lower case (will, oak, may) is only looked for in the whole
    name: else it would be taken for a person's everywhere.
    """
    found: set[str] = set()
    for name in names:
        whole = " ".join(name.split())
        if count_cjk(whole):
            is_name = CHINESE_NAME.fullmatch(whole) and not NO_CN_NAMES.match(whole)
            found |= {whole} if is_name or len(whole) >= SHORTEST_NICKNAME else set()
            given = whole[1:]
            if is_name and len(given) > 1 and re.search(rf"(?:^|[\s，。！]){given}(?:先生|女士|小姐|您好|你好)", text):
                found.add(given)
            continue
        parts = re.split(r"[\s.,]+", whole.strip(" .,"))
        if any(not part.strip("'’-").isalpha() or part.casefold() in NOT_NAMES for part in parts):
            continue  # a shop's name, a visitor's number
        if len(parts) > 1:
            found.add(whole)
        found |= {
            part
            for part in parts
            if len(part) >= SHORTEST_NAME
            and part[0].isupper()
            and not re.search(rf"(?<!\w){re.escape(part.lower())}(?!\w)", text)
        }
    return frozenset(found)


def _name_form(name: str) -> str:
    """Return a pattern of a name, of a whole one in any case; Chinese ones stand within words, having no blanks."""
    form = f"(?i:{re.escape(name)})" if " " in name else re.escape(name)
    return form if count_cjk(name) else rf"(?<!\w){form}(?:[’']s)?(?!\w)"


def _names_in_addresses(text: str) -> set[str]:
    """Return the names that are known from e-mail addresses: jane.miller@… where Jane Miller is spoken of."""
    found: set[str] = set()
    for one in find(text):
        parts = re.split(r"[._-]", text[one.start : one.end].partition("@")[0]) if one.kind == "email" else []
        if len(parts) < 2 or not all(part.isalpha() and part.casefold() not in NOT_NAMES for part in parts):
            continue
        for match in re.finditer(rf"(?<!\w){'[ ]'.join(map(re.escape, parts))}(?!\w)", text, re.IGNORECASE):
            found |= {part for part in match[0].split() if part[0].isupper()}
    return found


def without_placed_names(text: str) -> str:
    """Return a reply that names nobody in its greeting and below its end: "Hello [name]," is "Hello,"."""
    greeted = _NAMED_FIRST.sub("", _GREETED_PLACE.sub(r"\1", text))
    return _SIGNED_LINE.sub("", _SIGNED_PLACE.sub(r"\1", greeted)).strip()

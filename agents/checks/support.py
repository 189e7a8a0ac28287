"""Does a passage hold what a sentence says, and where?

    sentence + passages -> the passage that holds its numbers and terms -> the spans of its sentences that show it

Each number, link and address must stand in the quoted sentences or the headings above them, and so must every other
term but the few that carry no fact; a number must count the same there, and the sentence must not deny what they
affirm.
Where this errs, it errs towards saying no.
"""

import re
from collections.abc import Sequence

from agents.checks.bonds import keeps_bonds
from agents.checks.figures import exact_parts, in_figures, same_amounts
from agents.checks.polarity import contradicts
from agents.transcript import Language
from knowledge.passages import Passage
from knowledge.text import STOP_WORDS, count_cjk, detect_language, sentences, tokens

Span = tuple[int, int]

SUPPORT_SHARE: dict[Language, float] = {"en": 0.6, "zh": 0.45}
"""Share of a sentence's terms that its quotes, or the headings above them, must hold.

Less for Chinese, whose terms are pairs of characters: every seam between two words is a pair that only a copy repeats.
"""
PLAIN_TERMS = frozenset(
    tokens(
        "within item items thing things euro euros eur dollar dollars usd gbp cent per percent yes no not none "
        "cannot working"
    )
)
"""Terms that carry no fact of their own, or one that is compared elsewhere: the currency, the limit."""
LIGHT_TERMS = frozenset(
    tokens(
        "send give go come take make use keep have cost price charge close pay offer provide allow one each every any "
        "both "
        "total "
        "back then also now only until between during while there goods product company we such same other "
        "further many much own apply possible "
        "available receive customer order normally usually still already"
    )
) - {"onli"}
"""Function-like terms, one of which may be absent from the quotes of a sentence."""
ALIKE = tuple(
    frozenset(tokens(words))
    for words in (
        "cost price fee rate",
        "warranty guarantee",
        "delivery shipping ship deliver",
        "send go bring",
        "buy bought purchase",
    )
)
"""Terms that say the same."""
SEND_BACK = re.compile(
    r"\b(?:sen[dt]|g(?:o|oes|ive|iven)|tak(?:e|es|en)|b(?:ring|rought))\b(?:\s+\w+){0,3}?\s+back\b", re.I
)
SHORTEST_STEM = 5
"""Letters that two inflections of a word begin with: "deliver", "delivery"."""
LIGHT_CHARACTERS = frozenset(
    "的了是在和与或及我你您他她它们请就都也还把被让给会能可以要想有吗呢吧啊于为到从由后内需须即则并且其该此这那个每欧美英元镑寄是收费为"
)
"""Chinese characters that may be absent from the quotes of a sentence."""
SEVERAL_TERMS: dict[Language, int] = {"en": 2, "zh": 4}
"""Terms that a further sentence must hold to be quoted too, when there is enough support without it."""
UNIT_TERMS = frozenset(
    tokens("day days week weeks month months year years hour hours minute minutes working business euro euros 天 年 月")
)
_SEAM = re.compile(r"[;；，、]|,\s|\s(?:and|but|while|whereas|or)\s|(?:而|但)")
MOST_QUOTES = 3
"""Sentences of a passage that may support one written sentence together."""


def support(
    text: str, passages: Sequence[Passage], *, named: Sequence[int] = ()
) -> tuple[Passage, tuple[Span, ...]] | None:
    """Return the passage that supports a sentence, with the spans that show it; None when none does.

    Args:
        named: the numbers that the sentence's markers name, 1 being the first passage; these are tried first.
    """
    order = [passages[number - 1] for number in named if 0 < number <= len(passages)]
    order += [passage for passage in passages if passage not in order]
    found = next(((passage, quotes) for passage in order if (quotes := _quotes(text, passage))), None)
    if found is None:
        return None
    passage, quotes = found
    above = (*_place(passage), *_opening_line(passage, quotes[0][0]))
    if contradicts(text, _joined(passage, quotes), above=above):
        return None
    return passage, tuple((passage.start + start, passage.start + end) for start, end in quotes)


def parts_of(passage: Passage) -> set[str]:
    """Return the exact parts that a passage holds, with what stands over it: no others are supported by it."""
    place = "\n".join(_place(passage))
    return exact_parts(f"{place}\n{passage.text}")


def _quotes(text: str, passage: Passage) -> list[Span]:
    """Return the sentences of a passage that hold what a sentence says, the likest first; [] when none do."""
    place = "\n".join(_place(passage))
    if not exact_parts(text) <= parts_of(passage):
        return []
    language = detect_language(text)
    same_language = language == detect_language(passage.text)
    share = SUPPORT_SHARE[language] if same_language else 1.0
    terms = _terms(text)
    if not same_language:
        terms = {term for term in terms if term.isascii()}
        if not any(term[0].isalpha() for term in terms - set(tokens(" ".join(exact_parts(text))))):
            return []
    quotes = _choose_quotes(text, terms, passage, share=share)
    shown = f"{place}\n{_joined(passage, quotes)}"
    if not terms or len(terms & _terms(shown)) < share * len(terms) or not exact_parts(text) <= exact_parts(shown):
        return []
    if same_language and not _says_no_more(text, terms, shown):
        return []
    # Across languages only names and numbers can be compared, so one sentence must hold them all.
    if not (_are_nearest(quotes, text, terms, passage) if same_language else len(quotes) == 1):
        return []
    shown = _joined(passage, quotes)
    return quotes if same_amounts(text, shown, place) and keeps_bonds(text, shown, strict=not same_language) else []


def _choose_quotes(text: str, terms: set[str], passage: Passage, *, share: float) -> list[Span]:
    """Return the likest sentence, then those that add numbers, links or several terms, or any term that is needed."""
    exact, inside = exact_parts(text), sentences(passage.text)
    missing = terms - _terms("\n".join(_place(passage)))
    several = SEVERAL_TERMS[detect_language(text)]

    def gain(span: Span) -> tuple[int, int, float]:
        part = passage.text[span[0] : span[1]]
        found = _terms(part)
        return len(exact & exact_parts(part)), len(missing & found), -len(found)

    chosen: list[Span] = []
    while inside and len(chosen) < MOST_QUOTES:
        best = max(inside, key=gain)
        new_parts, new_terms, _ = gain(best)
        too_few = len(missing) > (1 - share) * len(terms)
        if chosen and not new_parts and new_terms < (1 if too_few else several):
            break
        chosen.append(best)
        exact -= exact_parts(_joined(passage, [best]))
        missing -= _terms(_joined(passage, [best]))
    return chosen


def _are_nearest(quotes: Sequence[Span], text: str, terms: set[str], passage: Passage) -> bool:
    """Say whether no sentence is more about what is said of a number than the sentence that holds the number.

    "Glow members have 60 days" is no quote of the row "Beacon members: 60 days" when there is a row for Glow members.
    """
    exact = exact_parts(text)
    subject = {term for term in terms if not any(character.isdigit() for character in term)}
    held = {span: _terms(_joined(passage, [span])) & subject for span in sentences(passage.text)}
    with_numbers = [quote for quote in quotes if exact & exact_parts(_joined(passage, [quote]))]
    for quote in with_numbers:
        own = subject - set().union(*(held[other] for other in with_numbers if other != quote))
        if len(own & held[quote]) < max(len(own & other) for other in held.values()):
            return False
    return all(
        _is_own(clause, _parts_with_numbers(_joined(passage, [quote])))
        for clause in _parts_with_numbers(text)
        for quote in with_numbers
    )


def _is_own(clause: str, parts: Sequence[str]) -> bool:
    """Say whether a clause's numbers stand in the parts that it is about.

    "Express costs 5 euros" is not: of "Standard costs 5 euros; express costs 12", "express" is in the other part only.
    """
    exact = exact_parts(clause)
    places = [place for place, part in enumerate(parts) if exact & exact_parts(part)]
    subject = {term for term in _terms(clause) if not term[0].isdigit()} - set(tokens(" ".join(exact)))
    own = set().union(*(_terms(parts[place]) for place in places)) & subject
    for place, part in enumerate(parts) if places else ():
        there = _terms(part) & subject
        if place in places or not there - own - UNIT_TERMS:
            continue
        # A part may leave out what an earlier one said: "Members have 60 days as Glow and 90 as Beacon".
        ignored = set() if _terms(part) & UNIT_TERMS else UNIT_TERMS
        if place > max(places) or not own - there - ignored:
            return False
    return True


def _parts_with_numbers(text: str) -> list[str]:
    """Return the parts of a sentence, each with a number or a day of its own; a table row is one part."""
    pieces = [text] if " | " in text else [piece for piece in _SEAM.split(text) if piece.strip()]
    parts: list[str] = []
    waiting = ""
    for piece in pieces:
        waiting = f"{waiting} {piece}".strip()
        if exact_parts(waiting):
            parts.append(waiting)
            waiting = ""
    if waiting and parts:
        parts[-1] = f"{parts[-1]} {waiting}"
    return parts


def _says_no_more(text: str, terms: set[str], shown: str) -> bool:
    """Say whether the quotes hold every term, but for one light or inflected one."""
    if detect_language(text) == "zh":
        written = {
            character for character in in_figures(text) if count_cjk(character)
        }  # as it stands: terms are folded
        absent = written - LIGHT_CHARACTERS - set(in_figures(shown))
        return not absent and {term for term in terms if term.isascii() and term.isalpha()} <= _terms(shown)
    held = _terms(shown)
    words = {term for term in terms - PLAIN_TERMS - held if not term[0].isdigit()}
    absent = {term for term in words if not _alike(term) & held}
    return len(absent) <= 1 and all(term in LIGHT_TERMS or _is_inflected(term, held) for term in absent)


def _alike(term: str) -> frozenset[str]:
    return frozenset().union(*(group for group in ALIKE if term in group))


def _is_inflected(term: str, held: set[str]) -> bool:
    return len(term) >= SHORTEST_STEM and any(
        other.startswith(term[: max(SHORTEST_STEM, len(term) - 2)]) and len(other) <= len(term) + 3 for other in held
    )


def _terms(text: str) -> set[str]:
    """Return what is said, as search terms: numbers in digits, "send back" as "return", no words that only ask."""
    return set(tokens(SEND_BACK.sub(r"\g<0> return", in_figures(text)))) - STOP_WORDS


def _opening_line(passage: Passage, start: int) -> list[str]:
    """Return the last line before `start` that ends in a colon: what a list stands under."""
    lines = [line.strip() for line in passage.text[:start].splitlines()]
    return [line for line in lines if line.endswith((":", "："))][-1:]


def _place(passage: Passage) -> tuple[str, ...]:
    return passage.title, *passage.headings, passage.header


def _joined(passage: Passage, quotes: Sequence[Span]) -> str:
    return "\n".join(passage.text[start:end] for start, end in quotes)

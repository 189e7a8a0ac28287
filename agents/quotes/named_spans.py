"""What a question names that stands within a span: a month, date or weekday, or an amount with its unit.

"in July, 3 nights" + "June–August" · "1 to 6 nights"  ->  held, though neither word stands there
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.quotes import amount_spans, calendar_spans
from agents.quotes.amount_spans import Amount
from agents.quotes.calendar_spans import Moment


@dataclass(frozen=True, slots=True)
class NamedSpans:
    """What a question names of the calendar, and of amounts."""

    moments: tuple[Moment, ...] = ()
    amounts: tuple[Amount, ...] = ()

    @classmethod
    def of(cls, question: str) -> "NamedSpans":
        return cls(calendar_spans.named(question), amount_spans.named(question))

    def __bool__(self) -> bool:
        return bool(self.moments or self.amounts)

    @property
    def terms(self) -> frozenset[str]:
        """The question's terms that name them."""
        moments, amounts = [one.terms for one in self.moments], [one.terms for one in self.amounts]
        return frozenset().union(*moments, *amounts)

    def held(self, text: str) -> frozenset[str]:
        """Return the question's terms for what a text's own spans hold."""
        return self.held_among([text])[0]

    def held_among(self, texts: Sequence[str]) -> list[frozenset[str]]:
        """Return the same for texts that stand beside one another: of "up to 2 kg" and "up to 5 kg" one is meant."""
        amounts = amount_spans.held_among(texts, self.amounts)
        return [calendar_spans.held(text, self.moments) | held for text, held in zip(texts, amounts, strict=True)]

    def are_outside(self, texts: Sequence[str]) -> list[bool]:
        """Say for each text beside others whether it names spans of the same kinds that do not hold what is asked.

        Of amounts only where one that does says nothing else: "Standard: 3 to 5 days" leaves "Express: 1 day" a choice.
        """
        amounts = amount_spans.held_among(texts, self.amounts)
        meant = {amount_spans.besides(text) for text, held in zip(texts, amounts, strict=True) if held}
        return [
            calendar_spans.is_outside(text, self.moments)
            or (not held and amount_spans.speaks_of(text, self.amounts) and amount_spans.besides(text) in meant)
            for text, held in zip(texts, amounts, strict=True)
        ]

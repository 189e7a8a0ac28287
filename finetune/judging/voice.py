"""How far a reply is from a company's voice: a distance that needs no model and comes out the same every time.

    before and after replies -> learn -> Voice -> distance(text) -> 0 like the company's own, 1 like what was rewritten

Burrows's Delta (Burrows 2002, "Delta: a measure of stylistic difference and a guide to likely authorship") with more
than words: each feature's distance from the mean of the company's own replies, in standard deviations over all replies,
capped at `MOST_DEVIATIONS` and averaged, first within a group of features and then over the groups, so that fifty
function words do not outvote five others. English and Chinese have profiles of their own. The scale is set on the pairs
that the voice was learnt from: 0 is how far the company's own replies lie from the mean of the others of them (leaving
each one out, for its own mean would flatter it), 1 how far those lie that were to be rewritten.

It measures form only. Whether a reply is right, polite or kind it does not know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from finetune.data.voice_pairs import Pair
from finetune.errors import FinetuneError
from finetune.judging.style_features import GROUPS, Features, body, measured
from knowledge.scores import Score, auroc
from knowledge.text import Language, detect_language

MOST_DEVIATIONS = 4.0
LEAST_PAIRS = 5
"""Of a language; with fewer its replies are not measured."""
SMALLEST_SPREAD = 1e-3
"""Of a feature that hardly varies: it then counts only where a reply has it and no other does."""
IN_VOICE = 0.5
"""Up to this distance a reply is nearer to the company's own than to what was rewritten."""


@dataclass(frozen=True, slots=True)
class Distance:
    """How far one text is from the voice."""

    value: float
    """0 is like the company's own replies, 1 like those before; may lie outside."""
    groups: Mapping[str, float]
    """Mean deviation of each group of features, in standard deviations: what makes the distance."""
    language: Language


@dataclass(frozen=True, slots=True)
class Profile:
    """What one language's replies look like."""

    means: Features
    spreads: Features
    own: float
    """Mean deviation of the company's own replies: 0 on the scale."""
    others: float
    """Mean deviation of the replies before: 1 on the scale."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A company's voice, as far as it can be counted."""

    profiles: Mapping[Language, Profile]

    def distance(self, text: str) -> Distance:
        """Return how far a reply is from the voice.

        Raises:
            FinetuneError: the voice was learnt from too few pairs in the text's language.
        """
        language = detect_language(text)
        profile = self.profiles.get(language)
        if profile is None:
            raise FinetuneError(
                f"The voice knows no replies in {language!r}. Next: add {LEAST_PAIRS} pairs in it, split `train`."
            )
        groups = _deviations(measured(text, language=language), profile.means, profile.spreads)
        value = (_overall(groups) - profile.own) / (profile.others - profile.own)
        return Distance(round(value, 4), {name: round(one, 4) for name, one in groups.items()}, language)


@dataclass(frozen=True, slots=True)
class Separation:
    """How surely the distance tells replies in the voice from others, on pairs that it was not learnt from."""

    whole: Score
    """AUROC: the chance that a reply before is farther than one after."""
    body: Score
    """The same on replies without greeting and closing, learnt without them too."""


def learn(pairs: Sequence[Pair]) -> Voice:
    """Return the voice of the pairs' replies after, against those before.

    Raises:
        FinetuneError: no language has enough pairs, or its replies before and after do not differ.
    """
    profiles: dict[Language, Profile] = {}
    for language in sorted({pair.language for pair in pairs}):
        chosen = [pair for pair in pairs if pair.language == language]
        if len(chosen) >= LEAST_PAIRS:
            profiles[language] = _profile(chosen, language)
    if not profiles:
        raise FinetuneError(
            f"A voice is learnt from {LEAST_PAIRS} pairs or more in a language; there are {len(pairs)} in all. "
            "Next: add before-and-after replies with split `train`."
        )
    return Voice(profiles)


def separation(train: Sequence[Pair], heldout: Sequence[Pair]) -> Separation:
    """Return how surely held-out replies after are nearer than those before, with intervals.

    Raises:
        FinetuneError: as `learn`; or a language of the held-out pairs has too few others.
    """
    return Separation(_auroc(train, heldout, str), _auroc(train, heldout, body))


def _auroc(train: Sequence[Pair], heldout: Sequence[Pair], part: Callable[[str], str]) -> Score:
    voice = learn([pair.with_texts(part) for pair in train])
    tried = [pair.with_texts(part) for pair in heldout]
    before = [voice.distance(pair.before).value for pair in tried]
    after = [voice.distance(pair.after).value for pair in tried]
    return auroc(before, after)


def _profile(pairs: Sequence[Pair], language: Language) -> Profile:
    own = [measured(pair.after, language=language) for pair in pairs]
    others = [measured(pair.before, language=language) for pair in pairs]
    means, spreads = _over(own, fmean), _over([*own, *others], pstdev)
    left_out = [
        _overall(_deviations(one, _over([*own[:place], *own[place + 1 :]], fmean), spreads))
        for place, one in enumerate(own)
    ]
    near = fmean(left_out)
    far = fmean(_overall(_deviations(one, means, spreads)) for one in others)
    if far - near < SMALLEST_SPREAD:
        raise FinetuneError(
            f"The {language!r} replies before and after do not differ in what is counted ({near:.3f}, {far:.3f}). "
            "Next: add pairs that show the voice."
        )
    return Profile(means, spreads, near, far)


def _over(replies: Sequence[Features], statistic: Callable[[list[float]], float]) -> Features:
    return {
        group: {name: statistic([reply[group][name] for reply in replies]) for name in replies[0][group]}
        for group in GROUPS
    }


def _deviations(reply: Features, means: Features, spreads: Features) -> dict[str, float]:
    """Return each group's mean deviation from the means, in spreads; features that never vary do not count."""
    groups = {}
    for group in GROUPS:
        deviations = []
        for name, value in reply[group].items():
            gap, spread = abs(value - means[group][name]), spreads[group][name]
            if spread < SMALLEST_SPREAD and gap < SMALLEST_SPREAD:
                continue
            deviations.append(min(MOST_DEVIATIONS, gap / max(spread, SMALLEST_SPREAD)))
        groups[group] = fmean(deviations) if deviations else 0.0
    return groups


def _overall(groups: Mapping[str, float]) -> float:
    return sum(groups.values()) / len(groups)

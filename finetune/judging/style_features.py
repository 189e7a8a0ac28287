"""What can be counted of a reply's style, in English and Chinese, without any model.

    text -> measured -> {group: {feature: value}}

Five groups: `words` (function words, after Burrows 2002: they are used without thinking, so they tell who writes),
`sentences` (their length, the length of words and of the reply), `marks` (! ? ~ …, smileys, capitals), `person` (I,
we, you; 您, 你 or 亲) and `frame` (how it greets and closes). All but `sentences` are shares, so that long and short
replies compare. It knows no company's style.
"""

import re
from collections.abc import Mapping
from statistics import fmean

from knowledge.text import Language, sentences

Features = Mapping[str, Mapping[str, float]]
GROUPS = ("words", "sentences", "marks", "person", "frame")
FUNCTION_WORDS = (
    *("the", "a", "an", "of", "to", "in", "on", "at", "by", "for", "from", "with", "as", "and", "or"),
    *("but", "if", "that", "which", "this", "it", "its", "there", "here", "be", "is", "are", "was", "were", "been"),
    *("has", "have", "had", "will", "would", "can", "may", "must", "should", "shall", "not", "no", "so", "any", "all"),
    *("such", "only", "just", "also"),
)
"""English: articles, prepositions, conjunctions, auxiliaries. Persons are a group of their own."""
HAN_PARTICLES = tuple("的了是在和与或及把被给到就都也还不有这那之其将所如可请已再吗呢吧啊哦哈啦哟")
"""Chinese: single characters that carry grammar or tone."""
PERSONS: dict[Language, dict[str, str]] = {
    "en": {"i": r"\b(?:i|me|my|mine)\b", "we": r"\b(?:we|us|our|ours)\b", "you": r"\b(?:you|your|yours)\b"},
    "zh": {
        "i": r"我(?!们|司|方)",
        "we": r"我们|我司|我方|咱",
        "you": r"你",
        "polite": r"您",
        "dear": r"亲(?![戚属手自切])",
    },
}
GREETINGS: dict[str, str] = {
    "named": r"^(?:dear|hello|hi|hey)\s+(?:(?:mr|mrs|ms|dr)\.?\s+)?(?!customer|sir|madam|there|all)\w[\w-]*"
    r"\s*[,.:]?\s*$|^.{1,6}(?:先生|女士|老师)\s?[，,]?\s?(?:您好|你好)[，,。：:]?\s*$",
    "general": r"^(?:dear (?:customer|sir|madam)|hello there|hi there|hey hey)|^尊敬的客户|^您好[！!，,]|^亲",
    "loud": r"^[^\n]{0,40}!|^[^\n]{0,12}[！～]",
}
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")
CONTRACTION = re.compile(r"\b\w+['’](?:s|re|ve|ll|d|m|t)\b", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
HAN = re.compile(r"[\u4e00-\u9fff]")


def measured(text: str, *, language: Language) -> dict[str, dict[str, float]]:
    """Return the features of a reply by group; all groups and features are there for every text of a language."""
    plain = text.strip()
    words = HAN.findall(plain) if language == "zh" else [word.casefold() for word in WORD.findall(plain)]
    said = [plain[start:end] for start, end in sentences(plain)] or [""]
    n, n_sentences = max(1, len(words)), len(said)
    return {
        "words": _word_shares(words, n, language),
        "sentences": _lengths(plain, words, said, language),
        "marks": {
            "exclamations": len(re.findall("[!！]", plain)) / n_sentences,
            "questions": len(re.findall("[?？]", plain)) / n_sentences,
            "waves": len(re.findall("[~～]", plain)) / n_sentences,
            "smileys": len(EMOJI.findall(plain)) / n_sentences,
            "brackets": len(re.findall(r"[(（]", plain)) / n_sentences,
            "capitals": len(re.findall(r"\b(?!BM\b|LED\b|USB\b|IP\b|GU\b|EUR\b)[A-Z]{2,}\b", plain)) / n,
            "contractions": len(CONTRACTION.findall(plain)) / n,
        },
        "person": {name: len(re.findall(form, plain, re.IGNORECASE)) / n for name, form in PERSONS[language].items()},
        "frame": {
            **{
                name: float(bool(re.search(form, plain.split("\n")[0], re.IGNORECASE)))
                for name, form in GREETINGS.items()
            },
            "lines": float(min(3, plain.count("\n"))),
        },
    }


def body(text: str) -> str:
    """Return a reply without a first line that greets and last lines that close, which are the easiest to copy."""
    lines = [line for line in text.strip().split("\n") if line.strip()]
    if len(lines) > 1 and re.search(GREETINGS["named"], lines[0], re.IGNORECASE):
        lines = lines[1:]
    while len(lines) > 1 and len(lines[-1]) <= 40 and not re.search(r"[.!?。！？]$", lines[-1]):
        lines = lines[:-1]
    return "\n".join(lines)


def _word_shares(words: list[str], n: int, language: Language) -> dict[str, float]:
    counted = HAN_PARTICLES if language == "zh" else FUNCTION_WORDS
    return {word: words.count(word) / n for word in counted}


def _lengths(plain: str, words: list[str], said: list[str], language: Language) -> dict[str, float]:
    lengths = [len(HAN.findall(one)) if language == "zh" else len(WORD.findall(one)) for one in said]
    return {
        "mean": fmean(lengths),
        "longest": float(max(lengths)),
        "reply": float(len(words)),
        "word": fmean(map(len, words)) if words and language == "en" else 0.0,
        "long_words": sum(len(word) > 8 for word in words) / max(1, len(words)),
        "commas": len(re.findall("[,，、;；]", plain)) / max(1, len(said)),
    }

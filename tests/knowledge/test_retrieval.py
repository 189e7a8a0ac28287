from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from knowledge import retrieval
from knowledge.conversation import UNRELATED
from knowledge.embedders import Vectors, unit_length
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.evidence import place_and_text
from knowledge.follow_ups import leans_on_history
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage
from knowledge.questions import Spoken
from knowledge.retrieval import RetrievalOptions
from knowledge.text import count_cjk

OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]
LEXICAL = RetrievalOptions(mode="lexical")
DENSE = RetrievalOptions(mode="dense")

SHOP = {
    "returns.md": "# Returns\n\nA lamp may be returned within 30 days. Keep the receipt.",
    "shipping.md": "# Shipping\n\nA parcel takes 3 days and costs 5 euros. Islands cost 9 euros.",
    "warranty.md": "# Warranty\n\nThe warranty of a lamp lasts two years; a bulb has none.",
    "opening.md": "# Opening hours\n\nThe shop is open from nine to six, on Sundays it is closed.",
    "退货.md": "# 退货政策\n\n收到商品后三十天内可以退货，请保留收据。",
    "配送.md": "# 配送\n\n包裹一般三天送达，运费为五欧元，偏远地区九欧元。",
    "保修.md": "# 保修\n\n台灯保修两年，灯泡不在保修范围之内。",
    "营业.md": "# 营业时间\n\n本店早上九点到晚上六点营业，星期日休息。",
}
CHINESE_QUESTIONS = [
    "退货期限是多少天？",
    "运费多少欧元？",
    "台灯保修多久？",
    "星期日营业吗？",
    "偏远地区的运费",
    "灯泡保修吗",
]


class MisleadingEmbedder(HashingEmbedder):
    """Knows English alone: every Chinese text lies close to the same wrong places."""

    languages = frozenset({"en"})

    def embed(self, texts: list[str]) -> Vectors:
        return super().embed([f"{len(text) % 3} {len(text) % 2}" if count_cjk(text) else text for text in texts])


def open_shop(home: Path, embedder: HashingEmbedder) -> Library:
    (home / "shop").mkdir()
    for name, text in SHOP.items():
        (home / "shop" / name).write_text(text, encoding="utf-8")
    library = Library(LibraryOptions(home / "home"), embedder=embedder)
    library.ingest([home / "shop"])
    return library


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Eight short documents, half of them Chinese, with an embedder that knows every language."""
    library = open_shop(tmp_path_factory.mktemp("shop"), HashingEmbedder())
    yield library
    library.close()


@pytest.fixture(scope="module")
def misled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same with the misleading embedder."""
    library = open_shop(tmp_path_factory.mktemp("misled"), MisleadingEmbedder())
    yield library
    library.close()


def names(passages: tuple[Passage, ...]) -> list[str]:
    return [passage.document for passage in passages]


# Fusion ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("May I return a lamp?", "returns.md"),
        ("What does a parcel cost?", "shipping.md"),
        ("Is there a warranty?", "warranty.md"),
        ("open on Sundays", "opening.md"),
        *zip(CHINESE_QUESTIONS, ["退货.md", "配送.md", "保修.md", "营业.md", "配送.md", "保修.md"], strict=True),
    ],
)
def test_the_right_document_comes_first(shop: Library, question: str, document: str) -> None:
    found = shop.search(question)
    assert found.passages[0].document == document
    scores = [passage.score for passage in found.passages]
    assert scores == sorted(scores, reverse=True)


def test_an_english_embedder_cannot_ruin_chinese(misled: Library) -> None:
    first = {
        mode: [names(misled.search(q, options=RetrievalOptions(mode=mode)).passages)[0] for q in CHINESE_QUESTIONS]
        for mode in ("lexical", "dense", "fused")
    }
    assert first["fused"] == first["lexical"]
    assert sum(map(str.__ne__, first["dense"], first["lexical"])) >= 3


class CrowdedEmbedder(HashingEmbedder):
    """All its cosines lie close together, far above its own floor, as between two languages."""

    def embed(self, texts: list[str]) -> Vectors:
        vectors = super().embed(texts)
        if set(texts) != set(UNRELATED):
            vectors[:, 0] += 3.0
        return unit_length(vectors)


def test_small_differences_of_a_multilingual_embedder_count(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    for name in ("lamp", "parcel", "bulb"):
        (tmp_path / "shop" / f"{name}.md").write_text(f"The {name} {name} {name} costs euros.", encoding="utf-8")
    library = Library(LibraryOptions(tmp_path / "home"), embedder=CrowdedEmbedder())
    library.ingest([tmp_path / "shop"])
    dense = library.search("lamp", options=RetrievalOptions(mode="dense")).passages
    scores = {passage.document: passage.score for passage in library.search("lamp").passages}
    library.close()
    assert dense[0].document == "lamp.md"
    assert scores["lamp.md"] == pytest.approx(1.0)
    assert min(scores.values()) == pytest.approx(0.0)


def test_cosine_counts_as_evidence_only_in_languages_that_the_embedder_knows(misled: Library, shop: Library) -> None:
    assert misled.search("台灯保修多久？").signals.cosine is None
    assert shop.search("台灯保修多久？").signals.cosine is not None
    assert misled.search("warranty of a lamp").signals.cosine is not None
    assert shop.search("warranty of a lamp", options=LEXICAL).signals.cosine is None


def test_a_question_without_a_known_word_is_still_answered_by_meaning(shop: Library) -> None:
    assert shop.search("xyzzy plugh", options=LEXICAL).passages == ()
    assert shop.search("xyzzy plugh").passages != ()
    assert shop.search("xyzzy plugh").evidence < 0.5


def test_text_in_the_language_of_the_question_is_preferred(shop: Library) -> None:
    assert names(shop.search("warranty 保修 lamp lasts").passages)[0] == "warranty.md"
    assert names(shop.search("warranty 保修 台灯保修两年").passages)[0] == "保修.md"


@pytest.mark.parametrize("mode", ["fused", "dense", "lexical"])
def test_the_limit_holds(shop: Library, mode: str) -> None:
    for limit in (1, 2, 3):
        options = RetrievalOptions(mode=mode)  # type: ignore[arg-type]
        assert len(shop.search("days lamp costs euros", limit=limit, options=options).passages) == limit


def test_the_same_question_finds_the_same(shop: Library) -> None:
    first, second = (shop.search("days lamp costs euros").passages for _ in range(2))
    assert first == second


# History -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "leans"),
    [
        ("And on Sundays?", True),
        ("What does it cost?", True),
        ("What about islands?", True),
        ("Why?", True),
        ("How much?", True),
        ("for two nights?", True),
        ("with a dog?", True),
        ("on which floor is the sauna?", False),
        ("Where are you?", False),
        ("", True),
        ("How long does the warranty of a lamp last?", False),
        ("那运费呢？", True),
        ("這個多少錢？", True),
        ("它保修多久？", True),
        ("包裹送到偏远地区需要多少运费？", False),
        ("那 12 月的周日呢？", True),
        ("我在上海，能买你们那个 Moorlight 40 提灯吗？", False),
        ("does that go for the battery as well?", True),
        ("And the Heron?", True),
        ("How much for the Bittern in walnut?", False),
        ("Is there parking at the station?", False),
        ("Can I park there overnight?", True),
        ("There was a camera above your till. How long do you hang on to the footage?", False),
        ("lantern blinks red five times in a row, what's wrong with it", False),
    ],
)
def test_whether_a_question_leans_on_the_one_before(question: str, leans: bool) -> None:
    assert leans_on_history(question) is leans


def test_a_leaning_question_uses_the_one_before(shop: Library) -> None:
    history = (Spoken("user", "How much is the parcel to islands?"), Spoken("assistant", "9 euros."))
    alone, led = shop.search("And how long does it take?"), shop.search("And how long does it take?", history=history)
    assert led.passages[0].document == "shipping.md"
    assert "parcel" in led.weights
    assert "parcel" not in alone.weights
    assert led.weights["parcel"] < alone.weights["take"]
    chinese = shop.search("那要多少钱呢？", history=(Spoken("user", "包裹到偏远地区"),))
    assert chinese.passages[0].document == "配送.md"


def test_the_question_before_lends_no_evidence(shop: Library) -> None:
    """It may widen what is found; whether the documents answer is judged by the question alone."""
    history = (Spoken("user", "How much is the parcel to islands?"), Spoken("assistant", "9 euros."))
    for question in ("Do you also sell bicycles?", "Then tell me a joke", "Who is the prime minister there?"):
        alone, led = shop.search(question), shop.search(question, history=history)
        assert "parcel" in led.weights
        assert led.evidence <= alone.evidence + 0.1


def test_words_of_staff_documents_change_no_customers_evidence(shop: Library, tmp_path: Path) -> None:
    question = "do students get a discount on lamps"
    before = shop.search(question)
    for number in range(10):
        (tmp_path / f"internal{number}.md").write_text("Students, students, students get nothing off.")
    shop.ingest([tmp_path / f"internal{number}.md" for number in range(10)], audience="staff")
    after = shop.search(question)
    assert after.weights == before.weights
    assert after.signals.coverage == before.signals.coverage
    # BM25 itself counts every chunk, so how far the best stands out may move by a hair.
    assert after.evidence == pytest.approx(before.evidence, abs=0.02)


def test_evidence_does_not_depend_on_how_many_passages_are_asked_for(shop: Library) -> None:
    few, many = shop.search("return a lamp", limit=1), shop.search("return a lamp", limit=20)
    assert few.signals == many.signals


def test_a_name_in_every_title_is_no_evidence(open_library: OpenLibrary, write: Write) -> None:
    """FTS5 weighs a term that most chunks hold with next to nothing; the best of nothing is no lead."""
    sections = "".join(f"## 第{number}节\n\n这里说明第{number}件事情的办理方式。\n\n" for number in range(5))
    library = open_library()
    library.ingest([write("手册.md", f"# 晨灯手册\n\n{sections}")])
    assert library.search("晨灯银行的利率是多少？").evidence < 0.5


def test_only_the_last_question_of_the_user_counts(shop: Library) -> None:
    history = (
        Spoken("user", "warranty of a lamp"),
        Spoken("assistant", "two years"),
        Spoken("user", "parcel to islands"),
        Spoken("assistant", "open on Sundays"),
    )
    weights = shop.search("And how long does it take?", history=history).weights
    assert {"parcel", "island"} <= set(weights)
    assert not {"warranti", "sunday"} & set(weights)


def test_after_a_new_subject_the_history_does_not_win(shop: Library) -> None:
    question = "How long does the warranty of a lamp last?"
    history = (Spoken("user", "parcel to islands"), Spoken("assistant", "Islands cost 9 euros."))
    alone, after = shop.search(question), shop.search(question, history=history)
    assert names(after.passages)[0] == names(alone.passages)[0] == "warranty.md"
    assert (after.asked, after.weights) == (alone.asked, alone.weights)


# Filters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("all_compared", [1000, 1])
def test_a_narrow_filter_finds_what_many_others_are_nearer_than(
    open_library: OpenLibrary, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch, all_compared: int
) -> None:
    """The vectors know no languages: the one Chinese page is not among the 20 nearest to an English question."""
    monkeypatch.setattr(retrieval, "ALL_COMPARED", all_compared)
    for number in range(80):
        write(f"lamp{number}.md", f"# Lamp {number}\n\nA lamp of kind {number} costs {number} euros.")
    write("灯.md", "# 灯\n\n这盏灯很贵。")
    library = open_library()
    library.ingest([papers])
    dense = RetrievalOptions(mode="dense", candidates=20)
    assert "灯.md" not in names(library.search("lamp costs euros", options=dense, limit=100).passages)
    narrowed = library.search("lamp costs euros", options=dense, limit=100, languages=("zh",))
    assert names(narrowed.passages) == ["灯.md"]
    assert library.search("lamp costs euros", since="2000-01-01", until="2000-01-02").passages == ()


# Passages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def long(open_library: OpenLibrary, papers: Path, write: Write) -> Library:
    """One long document whose every paragraph would serve, and a short one."""
    paragraphs = [f"Rule {n} on parcels. " + f"The parcel of kind {n} is heavy and blue. " * 9 for n in range(12)]
    sections = [f"## Part {n}\n\n" + "\n\n".join(paragraphs[3 * n : 3 * n + 3]) for n in range(4)]
    write("long.md", "# Parcels\n\n" + "\n\n".join(sections))
    write("short.md", "# Letters\n\nA letter is no parcel, it is light.")
    library = open_library()
    library.ingest([papers])
    return library


def test_no_document_fills_the_result(long: Library) -> None:
    found = long.search("parcel rule", limit=5)
    assert names(found.passages).count("long.md") == 2
    assert "short.md" in names(found.passages)
    many = long.search("parcel rule", limit=5, options=RetrievalOptions(passages_per_document=4))
    assert names(many.passages).count("long.md") == 4


def test_neighbours_are_joined_and_spans_stay_exact(long: Library, papers: Path) -> None:
    found = long.search("parcel rule kind heavy blue", limit=5).passages
    joined = [passage for passage in found if len(passage.text) > 900]
    assert joined
    for passage in found:
        excerpt = long.excerpt("default", passage.document, passage.start, passage.end, audiences=("public",))
        assert passage.text == excerpt.quote
        assert passage.headings == excerpt.headings
        assert len(passage.text) <= RetrievalOptions().joined_characters
        whole = long.excerpt("default", passage.document, 0, 0, audiences=("public",), margin=1_000_000).after
        assert whole[passage.start : passage.end] == passage.text
    apart = long.search("parcel rule kind heavy blue", options=RetrievalOptions(joined_characters=0)).passages
    assert all(len(passage.text) < 900 for passage in apart)


def test_passages_of_one_result_never_overlap(long: Library) -> None:
    found = long.search("parcel rule", limit=50, options=RetrievalOptions(passages_per_document=50)).passages
    spans = sorted((p.document, p.start, p.end) for p in found)
    for (document, _, end), (following, start, _) in pairwise(spans):
        assert document != following or end <= start


# The real embedder, the real data ----------------------------------------------------------------------------------


@pytest.mark.model
def test_meaning_finds_what_words_do_not(models_folder: Path, tmp_path: Path) -> None:
    from knowledge.embedders import resolve

    embedder = resolve("embedded", models_folder=models_folder, ollama_url="")
    library = open_shop(tmp_path, embedder)  # type: ignore[arg-type]
    assert names(library.search("How can I send an item back to you?").passages)[0] == "returns.md"
    assert names(library.search("At what time do you close?").passages)[0] == "opening.md"
    for question in CHINESE_QUESTIONS:
        lexical = names(library.search(question, options=LEXICAL).passages)
        assert names(library.search(question).passages)[0] == lexical[0]
    for question in ("x" * 100_000, "\0", "\ud83d", '" OR NEAR(', "。" * 1000, ""):
        assert 0 <= library.search(question).evidence <= 1
    assert library.search("How can I send an item back to you?").evidence > library.search("Who won in 1966?").evidence
    library.close()


class FewestLetters:
    """Puts the shortest text first."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def rerank(self, question: str, texts: list[str]) -> Vectors:
        self.asked.append((question, len(texts)))
        return np.array([-len(text) for text in texts], dtype=np.float32)


def test_a_reranker_orders_the_first_chunks_anew(tmp_path: Path) -> None:
    open_shop(tmp_path, HashingEmbedder()).close()
    reranker = FewestLetters()
    library = Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder(), reranker=reranker)
    plain = Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder())
    question = "May a lamp be returned?"
    before = plain.search(question, limit=8)
    after = library.search(question, limit=8)
    few = library.search(question, limit=8, options=RetrievalOptions(reranked=2))
    assert reranker.asked == [(question, 8), (question, 2)]
    lengths = [len(place_and_text(passage)) for passage in after.passages]
    assert lengths == sorted(lengths)
    assert sorted(passage.text for passage in after.passages) == sorted(passage.text for passage in before.passages)
    assert [passage.score for passage in after.passages] == [passage.score for passage in before.passages]
    assert [passage.text for passage in few.passages[2:]] == [passage.text for passage in before.passages[2:]]
    assert after.evidence == before.evidence
    plain.close()
    library.close()


@pytest.mark.parametrize("question", ["几点开门", "周末什么时候打烊"])
def test_hours_are_found_by_the_words_that_customers_use(shop: Library, question: str) -> None:
    found = shop.search(question, options=LEXICAL)
    assert found.passages[0].document.endswith("营业.md")
    assert {"营业", "时间"} <= found.weights.keys()


@pytest.mark.parametrize("question", ["礼拜天休息吗", "周日休息吗", "周末休息吗"])
def test_a_weekday_is_found_by_each_of_its_names(shop: Library, question: str) -> None:
    """The document says 星期日."""
    found = shop.search(question, options=LEXICAL)
    assert found.passages[0].document.endswith("营业.md")
    assert "期日" in found.weights
    assert "拜日" not in found.weights

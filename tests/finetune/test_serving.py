from agents.answering import READ_PASSAGES, AnswerOptions
from finetune.serving import Serving
from knowledge.passages import Passage


def test_a_writer_reads_the_best_passages_only() -> None:
    passages = [
        Passage("default", f"{at}.md", "", (), "", None, 0, 1, "x", "public", "en", 1.0 / (at + 1)) for at in range(9)
    ]
    serving = Serving(lambda question, history: passages, AnswerOptions())
    assert serving.read_by_writer("?", ()) == tuple(passages[:READ_PASSAGES])


def test_a_question_is_learned_with_the_prompt_that_it_is_served_with() -> None:
    serving = Serving(lambda question, history: (), AnswerOptions())
    asked = ("保修期多长？", "保証期間は何年ですか？", "보증 기간은 얼마나 되나요?", "How long?")
    assert [serving.language_of(question) for question in asked] == ["zh", "en", "en", "en"]

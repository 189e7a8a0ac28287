from agents.answering import READ_PASSAGES, AnswerOptions
from finetune.serving import Serving
from knowledge.passages import Passage


def test_a_writer_reads_the_best_passages_only() -> None:
    passages = [
        Passage("default", f"{at}.md", "", (), "", None, 0, 1, "x", "public", "en", 1.0 / (at + 1)) for at in range(9)
    ]
    serving = Serving(lambda question, history: passages, AnswerOptions())
    assert serving.read_by_writer("?", ()) == tuple(passages[:READ_PASSAGES])

from pathlib import Path

import pytest

from finetune.conversations import Said
from finetune.errors import FinetuneError
from finetune.imports.files import read


@pytest.mark.parametrize(
    "text",
    ["Question;Answer;note\nHow long?;30 days.;x\n", "问题,回答\nHow long?,30 days.\n"],
    ids=["excel", "chinese"],
)
def test_a_question_and_its_answer_are_a_conversation(tmp_path: Path, text: str) -> None:
    path = tmp_path / "faq.csv"
    path.write_text(text, encoding="utf-8")
    (found,) = read(path).conversations
    assert (found.id, found.source) == ("faq.csv:2", "faq.csv")
    assert found.said == (Said("user", "How long?"), Said("assistant", "30 days."))


def test_rows_of_one_conversation_are_joined_in_order(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text(
        "conversation_id,sender,message\n1,Customer,Hi\n2,客户,多久？\n1,Agent,Hello\n1,note,angry\n2,机器人,30 天\n",
        encoding="utf-8",
    )
    first, second = read(path).conversations
    assert first.said == (Said("user", "Hi"), Said("assistant", "Hello"))
    assert second.said == (Said("user", "多久？"), Said("assistant", "30 天", by_person=False))


def test_every_faulty_row_is_told(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(
        '{"conversation": 1, "role": "user", "text": "a"}\n{"conversation": 1, "role": "boss", "text": "a"}\n'
        '{"conversation": 1, "role": "user"}\n{"question": 3, "answer": "x"}\n7\n',
        encoding="utf-8",
    )
    with pytest.raises(FinetuneError) as error:
        read(path)
    for line, fault in (
        (2, "unknown role 'boss'"),
        (3, "lacks text"),
        (4, "has 3 where a text"),
        (5, "is no object: 7"),
    ):
        assert any(f"{path}:{line} " in told and fault in told for told in str(error.value).split("\n"))

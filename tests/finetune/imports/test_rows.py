import json
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


def test_answers_in_a_list_on_one_line_are_conversations_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "faq.json"
    path.write_text(json.dumps([{"question": f"Q{n}", "answer": f"A{n}"} for n in range(3)]), encoding="utf-8")
    found = read(path).conversations
    assert [(one.id, len(one.said)) for one in found] == [("faq.json:1", 2), ("faq.json:1.1", 2), ("faq.json:1.2", 2)]


def test_rows_of_one_conversation_are_joined_in_order(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text(
        "conversation_id,sender,message\n1,Customer,Hi\n2,客户,多久？\n1,Agent,Hello\n1,note,angry\n2,机器人,30 天\n",
        encoding="utf-8",
    )
    first, second = read(path).conversations
    assert first.said == (Said("user", "Hi"), Said("assistant", "Hello"))
    assert second.said == (Said("user", "多久？"), Said("assistant", "30 天", by_person=False))


@pytest.mark.parametrize(
    ("column", "note", "reply"),
    [
        ("private", "TRUE", ""),
        ("is_internal", "yes", "no"),
        ("public", "0", "1"),
        ("是否公开", "否", "是"),
        ("type", "internal_note", "comment"),
        ("类型", "内部备注", "回复"),
    ],
)
def test_an_internal_note_is_never_read(tmp_path: Path, column: str, note: str, reply: str) -> None:
    path = tmp_path / "chats.csv"
    rows = f"1,customer,Hi,{reply}\n1,agent,She is angry,{note}\n1,agent,Hello,{reply}\n1,internal note,angry,{reply}\n"
    path.write_text(f"conversation,role,text,{column}\n{rows}", encoding="utf-8")
    (found,) = read(path).conversations
    assert found.said == (Said("user", "Hi"), Said("assistant", "Hello"))


def test_a_column_that_does_not_say_whether_a_row_is_private_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text("conversation,role,text,public\n1,agent,She is angry,team\n", encoding="utf-8")
    with pytest.raises(FinetuneError, match=":2 has 'team' where yes or no should stand, in the column"):
        read(path)


def test_the_newest_row_first_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text(
        "conversation,role,text,created_at,agent_name\n"
        "1,agent,<p>Hello <b>you</b></p>,2026-01-01 10:05,Tom Baker\n1,customer,Hi,2026-01-01 10:00,\n"
        "2,agent,b,1.2.2026,\n2,customer,a,12.1.2026,\n",
        encoding="utf-8",
    )
    sorted_, as_it_is = read(path).conversations
    assert sorted_.said == (Said("user", "Hi"), Said("assistant", "Hello you"))
    assert sorted_.names == {"Tom Baker"}
    assert as_it_is.said[0] == Said("assistant", "b")


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

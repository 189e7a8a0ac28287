import json
from pathlib import Path
from typing import Any

import pytest

from finetune.data.conversations import Said
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


@pytest.mark.parametrize(
    "marks",
    [
        {"Is Internal": "TRUE"},
        {"isInternal": True},
        {"Internal Note": "yes"},
        {"message type": "note"},
        {"type": "comment", "visibility": "internal"},
        {"private": "no", "is_note": "yes"},
        {"private": "", "is_note": "yes"},
        {"private": None, "Is Public": "no"},
        {"is_internal": "no", "isInternal": "yes"},
        {"type": "InternalNote"},
        {"type": "privateNote"},
        {"type": "internalComment"},
        {"type": "NoteAdded"},
        {"type": "agentnote"},
        {"visibility": "Agents only"},
        {"可见范围": "仅客服可见"},
        {"消息类型": "回复", "是否备注": "是"},
    ],
    ids=str,
)
def test_any_column_that_calls_a_row_a_note_wins_however_it_is_spelled(tmp_path: Path, marks: dict[str, Any]) -> None:
    path = tmp_path / "chats.json"
    sides = [
        {"conversation": 1, "role": "customer", "text": "Hi"},
        {"conversation": 1, "role": "agent", "text": "Hello"},
    ]
    noted = {"conversation": 1, "role": "agent", "text": "She is angry"} | marks
    path.write_text(json.dumps([*sides, noted]), encoding="utf-8")
    (found,) = read(path).conversations
    assert found.said == (Said("user", "Hi"), Said("assistant", "Hello"))


@pytest.mark.parametrize(
    "marks",
    [{"type": "international order"}, {"Private": " ", "Type": None}, {"isPublic": 1, "visibility": "everyone"}],
)
def test_what_no_column_calls_a_note_is_read(tmp_path: Path, marks: dict[str, Any]) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(json.dumps({"Chat ID": 1, "Sender": "agent", "Message": "Hello"} | marks), encoding="utf-8")
    assert read(path).conversations[0].said == (Said("assistant", "Hello"),)


def test_a_blank_cell_does_not_call_a_row_public(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_text("conversation,role,text,Is Public\n1,agent,She is angry,\n", encoding="utf-8")
    with pytest.raises(FinetuneError, match=":2 has '' where yes or no should stand"):
        read(path)


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


@pytest.mark.parametrize(
    ("first", "second", "turned"),
    [
        ("2024-01-01 11:00 AM", "2024-01-01 01:05 PM", False),
        ("2024-01-01T11:00:00+02:00", "2024-01-01T09:30:00Z", False),
        ("2024-01-01T11:30:00+02:00", "2024-01-01T09:00:00Z", True),
        ("2024-01-01 09:30:00 UTC", "2024-01-01 10:00:00 +0200", True),
        ("2024-01-01T10:00:00", "2024-01-01T09:00:00Z", False),
        ("2024-01-01T10:00:00", 1704100000, False),
        (1704100000, "2024-01-01T09:00:00Z", False),
        (1704100000, 1704099999, True),
        (1704100000, 1704099999000, False),
        ("2024-13-01 10:00", "2024-01-01 10:00", False),
    ],
)
def test_rows_are_turned_only_by_times_that_can_be_compared(
    tmp_path: Path, first: str | int, second: str | int, turned: bool
) -> None:
    path = tmp_path / "chats.json"
    rows = [{"role": "customer", "text": "Hi", "time": first}, {"role": "agent", "text": "Hello", "time": second}]
    path.write_text(json.dumps([{"conversation": 1} | row for row in rows]), encoding="utf-8")
    (found,) = read(path).conversations
    assert [one.content for one in found.said] == (["Hello", "Hi"] if turned else ["Hi", "Hello"])


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

from finetune.judging.chat_replies import as_messages, label_grammar


def test_messages_keep_roles_and_calls() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"order": "B1"}'}}
    found = as_messages(
        [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "r", "tool_call_id": "1"},
        ]
    )

    assert [message.type for message in found] == ["system", "human", "ai", "tool"]
    assert found[2].tool_calls[0]["args"] == {"order": "B1"}  # type: ignore[attr-defined]


def test_labels_become_a_grammar() -> None:
    assert label_grammar(["a", "退货"]) == 'root ::= "a" | "退货"'

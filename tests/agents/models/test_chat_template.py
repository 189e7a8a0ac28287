import json

import pytest

from agents.models.chat_template import CallFormat, ChatTemplate, TemplateFault, read_calls
from tests.finetune.served_releases import CHATML

USER = {"role": "user", "content": "Hi <b> & 你好"}
LISTED = (
    "{% for message in messages %}{% if message.tool_calls %}{{ '[TOOL_CALLS] [' }}{% for call in message.tool_calls %}"
    "{{ '{\"name\": \"' + call.function.name + '\", \"parameters\": ' + call.function.arguments | tojson + '}' }}"
    "{% endfor %}{{ ']' + eos_token }}{% else %}{{ '<' + message.role + '>' + message.content + eos_token }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)


def test_it_renders_as_training_does() -> None:
    """Against the library that renders in training, where it is installed."""
    transformers = pytest.importorskip("transformers.utils.chat_template_utils")
    tools = [{"type": "function", "function": {"name": "f", "description": "<é>", "parameters": {"type": "object"}}}]
    for source in (CHATML, LISTED):
        for messages in ([USER], [{"role": "system", "content": "S"}, USER, {"role": "assistant", "content": "{a}"}]):
            for generation in (True, False):
                known = {"eos_token": "</s>", "bos_token": "<s>", "add_generation_prompt": generation}
                (theirs,), _ = transformers.render_jinja_template(
                    [messages], tools=tools, chat_template=source, **known
                )
                ours = ChatTemplate(source, bos="<s>", eos="</s>").render(messages, tools=tools, generation=generation)
                assert ours == theirs


def test_a_refusal_and_a_broken_template_are_faults() -> None:
    with pytest.raises(TemplateFault, match=r"roles user .*alternate"):
        ChatTemplate("{{ raise_exception('must alternate') }}").render([USER])
    with pytest.raises(TemplateFault, match=r"mend chat_template\.jinja"):
        ChatTemplate("{% for %}").render([USER])


def test_a_template_runs_in_a_sandbox() -> None:
    for hostile in ("{{ ''.__class__.__mro__ }}", "{{ messages.append(1) }}", "{{ cycler.__init__.__globals__ }}"):
        with pytest.raises(TemplateFault):
            ChatTemplate(hostile).render([USER])


def test_the_format_of_calls_is_read_from_the_template() -> None:
    assert ChatTemplate(CHATML).call_format() == CallFormat("<tool_call>", "</tool_call>", "name", "arguments")
    assert ChatTemplate(LISTED, eos="</s>").call_format() == CallFormat("[TOOL_CALLS]", "", "name", "parameters")
    assert ChatTemplate("{% for message in messages %}{{ message.content }}{% endfor %}").call_format() is None


@pytest.mark.parametrize(
    ("text", "said", "names"),
    [
        ('<tool_call>\n{"name": "a", "arguments": {"x": 1}}\n</tool_call>', "", ["a"]),
        ('Wait.\n<tool_call>{"name": "a"}</tool_call>\n<tool_call>{"name": "b"}</tool_call>', "Wait.", ["a", "b"]),
        ('<tool_call>{"name": "a", "arguments": {}}', "", ["a"]),
        ("No call.", "No call.", []),
        ('<tool_call>{"name": "a", "argu', '<tool_call>{"name": "a", "argu', []),
        ('<tool_call>{"other": 1}</tool_call>', '<tool_call>{"other": 1}</tool_call>', []),
    ],
)
def test_calls_are_read(text: str, said: str, names: list[str]) -> None:
    form = CallFormat("<tool_call>", "</tool_call>", "name", "arguments")
    found, calls = read_calls(text, form)
    assert (found, [call["name"] for call in calls]) == (said, names)
    assert json.dumps(calls)

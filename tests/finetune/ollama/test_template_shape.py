import pytest

from agents.models.chat_template import ChatTemplate
from finetune.errors import FinetuneError
from finetune.ollama.template_shape import Irregular, check_generation_prompt, find_shape
from tests.finetune.served_releases import CHATML

GEMMA = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set first = messages[0].content + '\n\n' %}"
    "{% set turns = messages[1:] %}{% else %}{% set first = '' %}{% set turns = messages %}{% endif %}"
    "{% for message in turns %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('turns must alternate') }}{% endif %}"
    "{{ '<start_of_turn>' + ('model' if message.role == 'assistant' else 'user') + '\n' }}"
    "{{ first if loop.first else '' }}{{ message.content | trim }}{{ '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
INSTRUCT = (
    "{{ bos_token }}{% for message in messages %}{% if message.role == 'user' %}"
    "{{ '[INST] ' + message.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + message.content + eos_token }}{% endif %}{% endfor %}"
)
UNSEEN = (
    "{% for message in messages %}{{ '((' + message.role + '))' + message.content + '((end))' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '((assistant))' }}{% endif %}"
)


def test_system_text_in_a_turn_of_its_own() -> None:
    shape = find_shape(ChatTemplate(CHATML))
    assert shape.head == "<|im_start|>system\nYou help.<|im_end|>\n"
    assert (shape.system_prefix, shape.system_suffix) == ("<|im_start|>system\n", "<|im_end|>\n")
    assert (shape.user_prefix, shape.generation) == ("<|im_start|>user\n", "<|im_start|>assistant\n")


def test_system_text_within_the_first_turn() -> None:
    shape = find_shape(ChatTemplate(GEMMA, bos="<bos>"))
    assert shape.system_in_user
    assert (shape.head, shape.system_prefix) == ("<bos>", "<bos><start_of_turn>user\n")
    assert shape.generation == shape.assistant_prefix == "<start_of_turn>model\n"


def test_a_template_without_generation_prompt_that_needs_none() -> None:
    shape = find_shape(ChatTemplate(INSTRUCT, bos="<s>", eos="</s>"))
    assert (shape.user_suffix, shape.generation, shape.assistant_suffix) == (" [/INST]", "", "</s>")


def test_a_template_that_nobody_knows() -> None:
    shape = find_shape(ChatTemplate(UNSEEN))
    assert (shape.user_prefix, shape.user_suffix, shape.generation) == ("((user))", "((end))", "((assistant))")


def test_tools_calls_and_results() -> None:
    tools = find_shape(ChatTemplate(CHATML)).tools
    assert tools is not None
    assert (tools.before_name, tools.before_arguments, tools.after_arguments) == ('{"name": "', '", "arguments": ', "}")
    assert tools.call_head.endswith("\n<tool_call>\n")
    assert tools.result_head == "<|im_start|>user\n<tool_response>\n"
    assert tools.joint == "\n"


@pytest.mark.parametrize("template", [CHATML, UNSEEN, GEMMA])
def test_a_lost_generation_prompt_is_an_error(template: str) -> None:
    cut = template.replace("add_generation_prompt", "false")
    assert cut != template
    with pytest.raises(FinetuneError, match="lost its generation prompt"):
        check_generation_prompt(ChatTemplate(cut, bos="<bos>"))
    check_generation_prompt(ChatTemplate(template, bos="<bos>"))


def test_turns_that_change_with_their_place_have_no_shape() -> None:
    last_only = UNSEEN.replace("message.content +", "(message.content if loop.last else 'earlier') +")
    with pytest.raises(Irregular):
        find_shape(ChatTemplate(last_only))

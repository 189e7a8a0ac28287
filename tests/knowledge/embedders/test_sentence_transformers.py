"""The library needs torch, which the base install has not; `FakeSentenceTransformer` stands in at its seam.

Its signatures are those of sentence-transformers 6.2; where the library is installed, a test compares them.
"""

import inspect
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from knowledge.embedders import Embedder, resolve, sentence_transformers
from knowledge.errors import EmbedderUnavailable

PLACE = ("cpu", "bfloat16")


class FakeSentenceTransformer:
    """As much of `SentenceTransformer` as is called; each prompt moves the vector."""

    def __init__(self, model_name_or_path: str | None = None, *, device: str | None = None,
                 model_kwargs: dict[str, Any] | None = None) -> None:  # fmt: skip
        if "broken" in str(model_name_or_path):
            raise OSError("no config.json")
        self.source = model_name_or_path
        self.device = SimpleNamespace(type=device)
        self.model_kwargs = model_kwargs
        self.hooks: list[Any] = []
        self.batch_sizes: list[int] = []

    def __getitem__(self, number: int) -> Any:
        return SimpleNamespace(register_forward_hook=self.hooks.append)

    def get_embedding_dimension(self) -> int | None:
        return 2

    def encode_query(self, inputs: list[str], batch_size: int = 32, show_progress_bar: bool | None = None,
                     convert_to_numpy: bool = True) -> Any:  # fmt: skip
        return np.array([[3.0 * len(text), 4.0 * len(text)] for text in inputs])

    def encode_document(self, inputs: list[str], batch_size: int = 32, show_progress_bar: bool | None = None,
                        convert_to_numpy: bool = True) -> Any:  # fmt: skip
        self.batch_sizes.append(batch_size)
        return np.array([[4.0, 3.0] for _ in inputs]).reshape(len(inputs), 2)


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = FakeSentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    monkeypatch.setattr(sentence_transformers, "place_and_kind", lambda: PLACE)


def build(name: str, models_folder: Path) -> Embedder:
    return resolve(f"sentence-transformers:{name}", models_folder=models_folder, ollama_url="")


def test_without_the_library_the_next_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    words = r"sentence-transformers:some/model needs torch\. Next: .* -m pip install .*\[train\]"
    with pytest.raises(EmbedderUnavailable, match=words):
        build("some/model", tmp_path)


@pytest.mark.usefixtures("faked")
def test_questions_and_documents_have_their_own_prompts(tmp_path: Path) -> None:
    embedder = build("some/model", tmp_path)
    assert (embedder.name, embedder.dimension) == ("sentence-transformers:some/model", 2)
    assert embedder.embed_question("lamp").tolist() == [pytest.approx(0.6), pytest.approx(0.8)]
    vectors = embedder.embed(["lamp", "chair"])
    assert (vectors.shape, vectors.dtype) == ((2, 2), np.float32)
    assert vectors[1].tolist() == [pytest.approx(0.8), pytest.approx(0.6)]


@pytest.mark.usefixtures("faked")
def test_a_folder_of_the_home_comes_before_a_hub(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    assert build("own", tmp_path)._model.source == str(tmp_path / "own")  # type: ignore[attr-defined]
    assert build(str(tmp_path / "own"), Path("elsewhere"))._model.source == str(tmp_path / "own")  # type: ignore[attr-defined]
    assert build("hub/name", tmp_path)._model.source == "hub/name"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("faked")
def test_a_model_that_cannot_be_loaded_is_told_with_the_next_command(tmp_path: Path) -> None:
    words = r"model 'broken/model' cannot be loaded: no config\.json\. Next: frontdesk models get broken/model"
    with pytest.raises(EmbedderUnavailable, match=words):
        build("broken/model", tmp_path)


@pytest.mark.usefixtures("faked")
@pytest.mark.parametrize(
    ("name", "multilingual"),
    [
        ("intfloat/multilingual-e5-small", True),
        ("BAAI/bge-m3", True),
        ("BAAI/bge-small-zh-v1.5", True),
        ("Qwen/Qwen3-Embedding-0.6B", True),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", True),
        ("sentence-transformers/all-MiniLM-L6-v2", False),
        ("BAAI/bge-small-en-v1.5", False),
        ("thenlper/gte-small", False),
    ],
)
def test_languages_are_guessed_from_the_name(tmp_path: Path, name: str, multilingual: bool) -> None:
    assert build(name, tmp_path).languages == (None if multilingual else {"en"})


@pytest.mark.usefixtures("faked")
@pytest.mark.parametrize(("device", "batch_size"), [("cpu", 16), ("cuda", 256)])
def test_the_model_runs_where_it_is_quickest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, batch_size: int
) -> None:
    monkeypatch.setattr(sentence_transformers, "place_and_kind", lambda: (device, "half"))
    model = build("some/model", tmp_path)._model  # type: ignore[attr-defined]
    embedder = build("some/model", tmp_path)
    embedder.embed(["lamp"])
    assert (model.device.type, model.model_kwargs) == (device, {"dtype": "half"})
    assert embedder._model.batch_sizes == [batch_size]  # type: ignore[attr-defined]
    (hook,) = model.hooks
    half = SimpleNamespace(is_floating_point=lambda: True, float=lambda: "full precision")
    whole = SimpleNamespace(is_floating_point=lambda: False)
    features = {"token_embeddings": half, "attention_mask": whole, "prompt": "query"}
    assert hook(None, (), features) == {**features, "token_embeddings": "full precision"}


@pytest.mark.parametrize(
    ("has", "features", "expected"),
    [
        ({"gpu", "native"}, {}, ("cuda", "bfloat16")),
        ({"gpu"}, {}, ("cuda", "float16")),
        ({"mps"}, {}, ("mps", "float32")),
        (set(), {"avx512_bf16": True}, ("cpu", "bfloat16")),
        (set(), {"amx_bf16": True, "avx512_bf16": False}, ("cpu", "bfloat16")),
        (set(), {"avx2": True, "avx512_bf16": False}, ("cpu", "float32")),
    ],
)
def test_half_the_bits_only_where_the_machine_is_quick_in_them(
    monkeypatch: pytest.MonkeyPatch, has: set[str], features: dict[str, bool], expected: tuple[str, str]
) -> None:
    torch = SimpleNamespace(bfloat16="bfloat16", float16="float16", float32="float32")
    cuda = {"is_available": lambda: "gpu" in has, "is_bf16_supported": lambda including_emulation: "native" in has}
    torch.cuda = SimpleNamespace(**cuda)
    torch.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: "mps" in has))
    torch.cpu = SimpleNamespace(get_capabilities=lambda: features)
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert sentence_transformers.place_and_kind() == expected


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs the extra train")
def test_the_fake_has_the_signatures_of_the_library() -> None:
    from sentence_transformers import SentenceTransformer

    for name in ("__init__", "get_embedding_dimension", "encode_query", "encode_document"):
        theirs = inspect.signature(getattr(SentenceTransformer, name)).parameters
        ours = inspect.signature(getattr(FakeSentenceTransformer, name)).parameters
        assert {key: value.default for key, value in ours.items()}.items() <= {
            key: value.default for key, value in theirs.items()
        }.items()


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs the extra train")
@pytest.mark.model
def test_the_library_and_the_bundled_runtime_give_the_same_vectors(models_folder: Path, tmp_path: Path) -> None:
    """A folder as sentence-transformers saves it, made of the bundled model's two files."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

    source = models_folder / "all-minilm-l6-v2"
    shape = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    raw = tmp_path / "raw"
    BertConfig(vocab_size=30522, **shape).save_pretrained(raw)
    (raw / "model.safetensors").symlink_to(source / "model.safetensors")
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_file=str(source / "tokenizer.json"), **special).save_pretrained(raw)
    assert BertModel.from_pretrained(raw).config.hidden_size == AutoTokenizer.from_pretrained(raw).pad_token_id + 384
    transformer = Transformer(str(raw))
    transformer.max_seq_length = 256
    SentenceTransformer(modules=[transformer, Pooling(384)]).save(str(tmp_path / "saved"))
    texts = ["A lamp.", "Goods may be returned within 30 days; the shop pays the postage.", "long words " * 400]
    theirs = build(str(tmp_path / "saved"), tmp_path)
    ours = resolve("embedded", models_folder=models_folder, ollama_url="")
    assert (theirs.embed(texts) * ours.embed(texts)).sum(axis=1).min() > 0.998
    assert theirs.embed_question(texts[1]) @ ours.embed_question(texts[1]) > 0.998

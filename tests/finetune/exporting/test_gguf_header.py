from pathlib import Path

import pytest

from agents.models.llamacpp import EMBEDDED_FILE
from finetune.errors import FinetuneError
from finetune.exporting.gguf_header import Listed, read_header


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a GGUF that the official writer made."""
    gguf = pytest.importorskip("gguf")
    import numpy as np

    path = tmp_path / "small.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(3)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_bool("llama.flag", True)
    writer.add_string("general.note", "包裹")
    writer.add_token_list(["a", "b", "包"])
    writer.add_array("llama.numbers", [1, 2, 3, 4])
    writer.add_array("llama.nested", [[1, 2], [3, 4]])
    writer.add_tensor("token_embd.weight", np.zeros((3, 8), dtype=np.float16))
    writer.add_tensor("blk.0.attn_q.weight", np.zeros((4, 8), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_header_is_what_the_official_writer_wrote(file: Path) -> None:
    header = read_header(file)
    assert header.metadata["general.architecture"] == "llama"
    assert header.metadata["llama.block_count"] == 3
    assert header.metadata["llama.attention.layer_norm_rms_epsilon"] == pytest.approx(1e-5)
    assert header.metadata["llama.flag"] is True
    assert header.metadata["general.note"] == "包裹"
    assert header.metadata["tokenizer.ggml.tokens"] == Listed(3)
    assert header.metadata["llama.numbers"] == Listed(4)
    assert header.tensors == {"token_embd.weight": (3, 8), "blk.0.attn_q.weight": (4, 8)}


@pytest.mark.model
def test_embedded_model_reads_as_the_official_reader_reads_it(models_folder: Path) -> None:
    gguf = pytest.importorskip("gguf")
    path = models_folder / EMBEDDED_FILE
    header, reader = read_header(path), gguf.GGUFReader(path)
    assert header.tensors == {tensor.name: tuple(map(int, tensor.shape[::-1])) for tensor in reader.tensors}
    scalars = {key: value for key, value in header.metadata.items() if not isinstance(value, Listed)}
    assert scalars == {key: reader.fields[key].contents() for key in scalars}
    lists = set(header.metadata) - set(scalars)
    assert {key: header.metadata[key].length for key in lists} == {
        key: len(reader.fields[key].contents()) for key in lists
    }


@pytest.mark.parametrize("length", [0, 3, 4, 20, 100, 200])
def test_a_file_that_is_cut_off_is_told(file: Path, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(FinetuneError, match=r"no GGUF that can be read.*Next"):
        read_header(file)


def test_other_files_and_versions_are_told(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4] = 99
    file.write_bytes(data)
    with pytest.raises(FinetuneError, match="version is 99"):
        read_header(file)
    file.write_bytes(b"PK" + bytes(data[2:]))
    with pytest.raises(FinetuneError, match="does not begin with GGUF"):
        read_header(file)
    with pytest.raises(FinetuneError, match="Next"):
        read_header(file.with_name("gone.gguf"))

"""sentence-transformers as its users run it, in a Python that has torch: texts on stdin, times on stdout.

    python -m bench.torch_embedding MODEL KIND THREADS FOLDER FILE

Each line of stdin is a JSON list of texts; their unit vectors go to FILE, and `[seconds, processor seconds]` to stdout.
MODEL holds model.safetensors and tokenizer.json of all-MiniLM-L6-v2; the rest of what the library wants is written to
FOLDER. Imports nothing of the project, which that Python may lack.
"""

import json
import sys
import time
from pathlib import Path

MAX_WORD_PIECES = 256
SHAPE = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
SPECIAL = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


def main(model: str, kind: str, threads: str, folder: str, file: str) -> None:
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, PreTrainedTokenizerFast

    torch.set_num_threads(int(threads))
    BertConfig(vocab_size=30522, **SHAPE).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_file=f"{model}/tokenizer.json", **SPECIAL).save_pretrained(folder)
    weights = Path(folder, "model.safetensors")
    weights.unlink(missing_ok=True)
    weights.symlink_to(Path(model, "model.safetensors").resolve())
    transformer = Transformer(folder)
    transformer.max_seq_length = MAX_WORD_PIECES
    embedder = SentenceTransformer(modules=[transformer, Pooling(SHAPE["hidden_size"])], device="cpu")
    embedder.to(getattr(torch, kind))
    for line in sys.stdin:
        texts = json.loads(line)
        started, busy = time.perf_counter(), time.process_time()
        vectors = embedder.encode(texts, show_progress_bar=False)
        seconds = [time.perf_counter() - started, time.process_time() - busy]
        np.save(file, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

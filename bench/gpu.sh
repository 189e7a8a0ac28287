#!/usr/bin/env bash
# Fifty steps of the 7B recipe on an NVIDIA card: speed and peak memory as the run's manifest has them, beside the plan.
#
#   bench/gpu.sh FOLDER [DATA.jsonl] [KEY=VALUE…]
#
# FOLDER: a 7B model (config.json, *.safetensors, tokenizer), such as Mistral-7B-Instruct-v0.3. Without DATA, examples
# about nothing in particular are made, 512 tokens long. Needs `pip install 'frontdesk[train]'` with a CUDA build of torch.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# < 1)) || [[ ! -f $1/config.json ]]; then
  echo "Error: ${1:-no folder} holds no config.json. Next: bench/gpu.sh FOLDER, with the folder of a 7B model" >&2
  exit 2
fi
base=$(cd "$1" && pwd)
shift
python=.venv/bin/python
[[ -x $python ]] || python=$(command -v python3)
"$python" - <<'PYTHON'
import sys
try:
    import torch
except ImportError:
    sys.exit("Error: torch is not installed. Next: pip install 'frontdesk[train]'")
if not torch.cuda.is_available():
    sys.exit("Error: torch sees no NVIDIA card here. Next: nvidia-smi; then a CUDA build of torch")
print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}", file=sys.stderr)
PYTHON

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data=$work/examples.jsonl
if (($#)) && [[ $1 != *=* ]]; then
  data=$1
  shift
else
  "$python" -m bench.filler "$data"
fi

export FRONTDESK_HOME=$work/home
"$python" -m assistant.cli finetune plan --base "$base" --recipe qlora >&2
"$python" -m assistant.cli finetune train --base "$base" --recipe qlora --run gpu --data "$data" --json \
  max_steps=50 "$@" >"$work/manifest.json"
"$python" - "$work/manifest.json" <<'PYTHON'
import json, sys
run = json.load(open(sys.argv[1], encoding="utf-8"))
print(f"{run['steps']} steps: {run['tokens_per_second']:.0f} tokens/s, {run['seconds']:.0f} s, "
      f"peak {run['peak_memory_bytes'] / 1e9:.2f} GB of the card, {run['trainable_share']:.2%} tuned")
PYTHON

import os
import subprocess
import sys

import pytest

from assistant.outside import block_outside


def test_offline_blocks_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "")
    block_outside()
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_no_command_reports_to_the_makers_of_libraries() -> None:
    """Before huggingface_hub is imported, which reads this once; without `offline`, and without our tests' settings."""
    code = (
        "import sys, atexit; sys.argv = ['frontdesk', '--help']\n"
        "def told():\n"
        "    from huggingface_hub import constants; print('disabled:', constants.HF_HUB_DISABLE_TELEMETRY)\n"
        "atexit.register(told)\n"
        "from assistant.cli import main; main()"
    )
    kept = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name and name != "CI"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=kept, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stdout.rstrip().endswith("disabled: True"), result.stderr

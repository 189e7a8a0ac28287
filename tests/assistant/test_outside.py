import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from assistant.outside import ask_this_machine_directly, block_outside


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


class Here(BaseHTTPRequestHandler):
    """A server of this machine, such as Chroma or Ollama."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for spelled in (name, name.upper()):
            monkeypatch.setenv(spelled, "")
            monkeypatch.delenv(spelled)
    return monkeypatch


@pytest.mark.parametrize("given", ["", "intranet.example"])
def test_an_offices_proxy_is_not_asked_for_servers_of_this_machine(no_proxies: pytest.MonkeyPatch, given: str) -> None:
    no_proxies.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    no_proxies.setenv("NO_PROXY", given)
    ask_this_machine_directly()
    with ThreadingHTTPServer(("127.0.0.1", 0), Here) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        for host in ("127.0.0.1", "localhost"):
            assert httpx.get(f"http://{host}:{server.server_port}").status_code == 204
        server.shutdown()
    with pytest.raises(httpx.ConnectError, match="refused"):  # by the proxy, which all others are asked through
        httpx.get("http://shop.example")
    assert os.environ["no_proxy"].startswith(given)


def test_without_a_proxy_nothing_is_set(no_proxies: pytest.MonkeyPatch) -> None:
    ask_this_machine_directly()
    assert "no_proxy" not in os.environ

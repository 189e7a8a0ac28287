import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from assistant.errors import ServerError
from assistant.training_page.serving import HOST, serve

SERVE = """
import sys
from pathlib import Path
from assistant.training_page.serving import serve
serve(Path(sys.argv[1]), port=0, announce=lambda url: print(url, flush=True))
"""
ROOT = Path(__file__).parents[3]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=rf"Cannot listen on port {port}.*--port 0"):
            serve(tmp_path, port=port, announce=pytest.fail)


@pytest.mark.slow
def test_the_page_is_served_on_loopback_until_a_signal(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            assert httpx.get(f"{url}/api/runs", trust_env=False, timeout=30).json() == {"runs": []}
            assert httpx.get(url, trust_env=False, headers={"Host": "evil.example"}).status_code == 400
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)

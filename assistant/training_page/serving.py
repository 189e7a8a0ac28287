"""The training page on this machine's own address, until Ctrl-C.

port -> socket on 127.0.0.1 -> uvicorn
"""

import errno
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from assistant.errors import ServerError
from assistant.listeners import listener_name
from assistant.training_page.api import create_app

HOST = "127.0.0.1"
"""The only address: who trains sits at this machine, or comes through a tunnel of their own."""


def serve(home: Path, *, port: int, announce: Callable[[str], None]) -> None:
    """Serve the page until SIGTERM or SIGINT; runs go on without it.

    Args:
        port: 0 takes a free one.
        announce: Told the address, once connections are taken.

    Raises:
        ServerError: The port is in use, or not to be had.
    """
    with _listener(port) as listener:
        for name in ("uvicorn", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.WARNING)
        config = uvicorn.Config(
            create_app(home),
            log_config=None,
            access_log=False,
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        announce(f"http://{HOST}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        if sys.platform != "win32":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError as error:
            who = f" ({listener_name(HOST, port)} has it)" if error.errno == errno.EADDRINUSE else ""
            raise ServerError(
                f"Cannot listen on port {port}{who}: {error.strerror}. Next: frontdesk finetune watch --port 0"
            ) from error
        yield listener

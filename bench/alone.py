"""A bundle on a computer that has no network but itself; run within a network namespace of its own, by any Python.

    unshare --net python alone.py OUT.json serve FOLDER QUESTION   starts it, asks over HTTP, stops it
    unshare --net python alone.py OUT.json try                     leaves on purpose, to see that it would be counted

The kernel counts in each namespace what had no way out (OutNoRoutes) and what a resolver was sent (datagrams), whatever
process did it and in whatever language: an attempt to leave cannot miss both. Only the standard library is used.
"""

import contextlib
import fcntl
import json
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
LIMIT_SECONDS = 240.0
COUNTED = {"Ip": ("OutNoRoutes",), "Udp": ("OutDatagrams",)}
COUNTED_6 = ("Ip6OutNoRoutes", "Udp6OutDatagrams")


def main() -> None:
    out, kind, *more = sys.argv[1:]
    bring_up_loopback()
    told = serve(Path(more[0]), more[1]) if kind == "serve" else leave()
    Path(out).write_text(json.dumps({**told, "left": attempts()}), encoding="utf-8")


def bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))


def attempts() -> dict[str, int]:
    """Return what this namespace has counted since it was made."""
    found: dict[str, int] = {}
    lines = Path("/proc/self/net/snmp").read_text(encoding="ascii").splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        kind = names.partition(":")[0]
        counted = dict(zip(names.split()[1:], map(int, values.split()[1:]), strict=True))
        found |= {f"{kind}{name}": counted[name] for name in COUNTED.get(kind, ())}
    with contextlib.suppress(FileNotFoundError):  # without IPv6 there is none to leave by
        for line in Path("/proc/self/net/snmp6").read_text(encoding="ascii").splitlines():
            name, value = line.split()
            found |= {name: int(value)} if name in COUNTED_6 else {}
    return found


def serve(folder: Path, question: str) -> dict[str, Any]:
    """Start the bundle, ask, and stop it; times are from the start, in seconds."""
    started = time.perf_counter()
    command = ["sh", str(folder / "start.sh"), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            ready = time.perf_counter() - started
            url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
            turn = ask(url, question)
            answered = time.perf_counter() - started
            page = len(_open(f"{url}/"))
        finally:
            process.send_signal(signal.SIGTERM)
    return {"turn": turn, "page": page, "ready": ready, "answered": answered, "code": process.returncode}


def ask(url: str, question: str) -> Any:
    conversation = _open(f"{url}/api/conversations", {})["conversation"]
    turns = f"{url}/api/conversations/{conversation}/turns"
    turn = _open(turns, {"question": question})["turn"]
    _open(f"{turns}/{turn}/steps")
    return json.loads(_open(f"{url}/api/conversations/{conversation}/transcript"))["turns"][0]


def leave() -> dict[str, Any]:
    """Try what a program that reports home would: a name, and addresses of both kinds."""
    with contextlib.suppress(OSError):
        socket.getaddrinfo("www.example.com", 443)
    named = attempts()
    for address in ("192.0.2.1", "2001:db8::1"):
        with contextlib.suppress(OSError):
            socket.create_connection((address, 443), timeout=5)
    return {"named": named}


def _open(url: str, body: Any = None) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with opener.open(request, timeout=LIMIT_SECONDS) as response:
        text = response.read().decode()
    return text if body is None else json.loads(text)


if __name__ == "__main__":
    main()

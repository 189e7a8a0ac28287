"""A window of WebKitGTK, Safari's engine, steered over WebDriver's HTTP; a display of its own that nobody sees."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""By this name WebDriver's answers call an element."""
ENTER, SHIFT, CONTROL = "\ue007", "\ue008", "\ue009"
WAIT_SECONDS = 40
STEP_SECONDS = 0.1


class Window:
    """A browser's window, and what a person does in it; `css` is what they do it to."""

    def __init__(self, driver: httpx.Client) -> None:
        self._driver = driver
        browser = str(browser_program())
        wanted = {
            "browserName": "MiniBrowser",
            "webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]},
        }
        begun = driver.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()["value"]
        self._path = f"/session/{begun['sessionId']}"
        self.version = begun["capabilities"]["browserVersion"]
        self.size(1280)

    def open(self, url: str) -> None:
        self._post("url", url=url)

    def run(self, script: str) -> Any:
        return self._post("execute/sync", script=script, args=[])

    def size(self, width: int) -> None:
        self._post("window/rect", width=width, height=860)

    def back(self) -> None:
        self._post("back")

    def click(self, css: str) -> None:
        self._post(f"element/{self._find(css)}/click")

    def type(self, css: str, text: str) -> None:
        self._post(f"element/{self._find(css)}/value", text=text)

    def press(self, *keys: str) -> None:
        """Press keys together, where the window is."""
        strokes = [("keyDown", key) for key in keys] + [("keyUp", key) for key in reversed(keys)]
        actions = [{"type": kind, "value": key} for kind, key in strokes]
        self._post("actions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def text(self, css: str) -> str:
        """Return what stands there, once it is to be seen."""
        there = f"(node => node?.checkVisibility() && node.innerText)(document.querySelector({css!r}))"
        return str(self.wait(there))

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true, and return it."""
        until = time.monotonic() + WAIT_SECONDS
        while not (found := self.run(f"return {expression}")):
            assert time.monotonic() < until, f"never true: {expression}\n{self.run('return document.body.innerText')}"
            time.sleep(STEP_SECONDS)
        return found

    def close(self) -> None:
        self._driver.delete(self._path)

    def _find(self, css: str) -> str:
        """Find what a person could press or write into: a page shows some of it only once its script has run."""
        self.wait(f"document.querySelector({css!r})?.checkVisibility()")
        return str(self._post("element", using="css selector", value=css)[ELEMENT])

    def _post(self, command: str, **body: Any) -> Any:
        answer = self._driver.post(f"{self._path}/{command}", json=body)
        value = answer.json()["value"]
        assert answer.is_success, value
        return value


def browser_program() -> Path | None:
    """Return the browser that the driver starts; None where one of the programs is missing."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser"))
    return found[-1] if found and shutil.which("WebKitWebDriver") and shutil.which("Xvfb") else None


@contextmanager
def driving() -> Iterator[httpx.Client]:
    """Run a display and WebKit's driver, and give the way to it."""
    reading, writing = os.pipe()
    screen = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(screen, pass_fds=[writing], stderr=subprocess.DEVNULL) as display:
        os.close(writing)
        try:
            with os.fdopen(reading) as number:
                named = f":{number.readline().strip()}"
            port = free_port()
            environment = {**os.environ, "DISPLAY": named, "GDK_BACKEND": "x11", "LC_ALL": "C.UTF-8"}
            with subprocess.Popen(["WebKitWebDriver", f"--port={port}"], env=environment) as program:
                try:
                    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as driver:
                        _await(driver)
                        yield driver
                finally:
                    program.terminate()
        finally:
            display.terminate()


def _await(driver: httpx.Client) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            driver.get("/status")
        except httpx.ConnectError:
            assert time.monotonic() < until, "WebKitWebDriver did not start"
            time.sleep(STEP_SECONDS)
        else:
            return

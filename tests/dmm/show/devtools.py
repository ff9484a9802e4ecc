"""A headless Chromium with hands: pages are typed into, clicked on and read, over a pipe."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from tests.dmm.show.chromium import OPTIONS, TIMEOUT, find_chromium

__all__ = ["Page", "browser"]

KEYS = {
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Enter": 13,
    " ": 32,
    "Tab": 9,
    "Home": 36,
    "End": 35,
    "Backspace": 8,
}


class Page:
    """One tab, driven by the protocol of the developer tools.

    Whatever the page reports - an error, a refused script - is in `troubles`.
    """

    def __init__(self, read: BinaryIO, write: BinaryIO) -> None:
        self._read, self._write = read, write
        self._waiting = b""
        self._count = 0
        self._session: str | None = None
        self.troubles: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Carry out one method of the protocol."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            part = self._read.read(65536)
            assert part, "the browser has gone"
            self._waiting += part
        one, _, self._waiting = self._waiting.partition(b"\0")
        return json.loads(one)

    def _note(self, event: dict[str, Any]) -> None:
        details = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.troubles.append(json.dumps(details["exceptionDetails"])[:500])
        if event.get("method") == "Log.entryAdded" and details["entry"]["level"] == "error":
            self.troubles.append(details["entry"]["text"])

    # -------------------- looking --------------------

    def open(self, file: Path, width: int = 1280, height: int = 900, is_dark: bool = False) -> None:
        """Load a page in a window of a size, and wait until it is there."""
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=file.as_uri())
        until = time.monotonic() + TIMEOUT
        while self("document.readyState") != "complete" or self("location.href") == "about:blank":
            assert time.monotonic() < until, "the page does not load"
            time.sleep(0.02)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window another size."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def __call__(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def text(self, selector: str) -> str:
        """What a reader sees of an element."""
        return self(f"document.querySelector({json.dumps(selector)}).innerText")

    def picture(self, file: Path, whole: bool = True) -> Path:
        """A picture of the page in a file."""
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        file.write_bytes(base64.b64decode(shot["data"]))
        return file

    # -------------------- hands --------------------

    def click(self, selector: str, along: float = 0.5, down: float = 0.5) -> None:
        """Press and let go the pointer on an element, at a part of its width and height."""
        place = self(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', inline: 'center'});"
            "const r = e.getBoundingClientRect();"
            "return [r.left, r.top, r.width, r.height]; })()"
        )
        self.click_at(place[0] + along * place[2], place[1] + down * place[3])

    def click_at(self, x: float, y: float) -> None:
        """Press and let go the pointer at a place in the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                buttons=1,
                clickCount=1,
            )

    def focus(self, selector: str) -> None:
        """Give an element the keyboard."""
        self(f"document.querySelector({json.dumps(selector)}).focus()")

    def press(self, key: str, times: int = 1) -> None:
        """Press a key where the keyboard is."""
        text = {" ": " ", "Enter": "\r"}.get(key, "")
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                self.send(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code="Space" if key == " " else key,
                    windowsVirtualKeyCode=KEYS[key],
                    text=text if kind == "keyDown" else "",
                )

    def type(self, selector: str, text: str) -> None:
        """Replace what stands in a field by a text, typed."""
        self.focus(selector)
        self(f"document.querySelector({json.dumps(selector)}).select()")
        self.press("Backspace")
        self.send("Input.insertText", text=text)


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with one empty page."""
    program = find_chromium()
    assert program is not None
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    def as_three_and_four() -> None:  # where the browser looks for its pipe
        copies = os.dup(theirs_in), os.dup(theirs_out)
        os.dup2(copies[0], 3)
        os.dup2(copies[1], 4)
        for descriptor in (3, 4):
            os.set_inheritable(descriptor, True)

    root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *OPTIONS, *root, f"--user-data-dir={profile}", "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=as_three_and_four,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        with (
            os.fdopen(ours_in, "rb", buffering=0) as read,
            os.fdopen(ours_out, "wb", buffering=0) as write,
        ):
            try:
                yield Page(read, write)
            finally:
                process.terminate()
                process.wait(TIMEOUT)

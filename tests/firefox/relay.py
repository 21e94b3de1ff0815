"""Stand between Playwright and Firefox: Playwright starts this file as if it were Firefox.

Playwright drives Firefox by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/). The relay
passes every message on, except:

- `emulation.setMediaFeaturesOverride`, which Firefox does not know, is answered and ignored.
- Pointer actions are kept until a button is released or Playwright sends another command, and go
  out as one command: a mouse move alone takes Firefox a frame.
- A stroke with the middle button becomes one with a finger, because Playwright has no touch here.

Firefox ends when Playwright closes it, and at the latest when this process or Playwright does.
"""

import ctypes
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial
from typing import Any

import trio
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    WebSocketRequest,
    open_websocket_url,
    serve_websocket,
)

UNKNOWN = "emulation.setMediaFeaturesOverride"
OWN_ID = 1 << 40  # of the relay's own commands, above Playwright's
MIDDLE_BUTTON = 1
PDEATHSIG = 1  # PR_SET_PDEATHSIG of prctl(2)
END_SECONDS = 10  # for Firefox to end by itself
MAX_BYTES = 1 << 28  # of a message: files and screenshots are long


class Relay:
    """Passes one session's messages on; those of Playwright one after another."""

    def __init__(self, playwright: WebSocketConnection, firefox: WebSocketConnection) -> None:
        self.playwright, self.firefox = playwright, firefox
        self.kept: list[dict[str, Any]] = []  # pointer actions
        self.context = ""  # the page that they are for
        self.finger = False
        self.answers, self.answered = trio.open_memory_channel[dict[str, Any]](0)

    async def run(self) -> None:
        """Pass messages on until one side closes its connection, which raises ConnectionClosed."""
        async with trio.open_nursery() as both:
            both.start_soon(self.from_playwright)
            both.start_soon(self.from_firefox)

    async def from_playwright(self) -> None:
        while True:
            command = json.loads(await self.playwright.get_message())
            if command["method"] == UNKNOWN:
                await self.reply(command, type="success", result={})
                continue
            actions = pointer_actions(command)
            if not actions or command["params"]["context"] != self.context:
                fault = await self.flush()
                if fault:
                    await self.reply(command, **fault)
                    continue
            if not actions:
                await self.firefox.send_message(json.dumps(command))
                continue
            self.context = command["params"]["context"]
            self.kept += actions
            if actions[-1]["type"] == "pointerUp":
                await self.perform(command["id"])
            else:
                await self.reply(command, type="success", result={})

    async def from_firefox(self) -> None:
        while True:
            text = await self.firefox.get_message()
            message = json.loads(text)
            if message.get("id") == OWN_ID:
                await self.answers.send(message)
            else:
                await self.playwright.send_message(text)

    async def reply(self, command: dict[str, Any], **answer: Any) -> None:
        await self.playwright.send_message(json.dumps(answer | {"id": command["id"]}))

    async def flush(self) -> dict[str, Any] | None:
        """Perform the kept actions; return Firefox's answer if it is an error."""
        if not self.kept:
            return None
        await self.perform(OWN_ID)
        answer = await self.answered.receive()
        return answer if answer["type"] == "error" else None

    async def perform(self, number: int) -> None:
        """Send the kept actions as one command."""
        actions, self.kept = self.kept, []
        self.finger = self.finger or any(one.get("button") == MIDDLE_BUTTON for one in actions)
        source = {
            "type": "pointer",
            "id": "finger" if self.finger else "mouse",
            "parameters": {"pointerType": "touch" if self.finger else "mouse"},
            "actions": [one | {"button": 0} if self.finger else one for one in actions],
        }
        self.finger = self.finger and actions[-1]["type"] != "pointerUp"
        params = {"context": self.context, "actions": [source]}
        command = {"id": number, "method": "input.performActions", "params": params}
        await self.firefox.send_message(json.dumps(command))


def pointer_actions(command: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the actions of a command that moves, presses or releases a pointer, else nothing."""
    if command["method"] != "input.performActions":
        return []
    (source,) = command["params"]["actions"]
    return source["actions"] if source["type"] == "pointer" else []


def die_with_parent() -> None:
    """Let Linux end this process when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)


def start_firefox(command: list[str]) -> tuple[subprocess.Popen, str]:
    """Start Firefox; return it and the address on which it listens."""
    firefox = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    for line in firefox.stderr:
        if found := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
            break
        sys.stderr.buffer.write(line)
    else:
        sys.exit("Firefox ended before it listened")
    drain = partial(shutil.copyfileobj, firefox.stderr, sys.stderr.buffer)
    threading.Thread(target=drain, daemon=True).start()
    return firefox, found[1].decode()


async def serve(address: str) -> None:
    """Pass the messages of one connection on, until it is closed."""
    async with trio.open_nursery() as serving:

        async def connect(request: WebSocketRequest) -> None:
            session = open_websocket_url(f"{address}{request.path}", max_message_size=MAX_BYTES)
            try:
                async with session as firefox, await request.accept() as playwright:
                    await Relay(playwright, firefox).run()
            except* ConnectionClosed:
                pass
            serving.cancel_scope.cancel()

        listen = partial(serve_websocket, max_message_size=MAX_BYTES)
        server = await serving.start(listen, connect, "127.0.0.1", 0, None)
        print(f"WebDriver BiDi listening on ws://127.0.0.1:{server.port}", flush=True)


def main() -> None:
    """Run Firefox for one session of Playwright."""
    die_with_parent()
    firefox, address = start_firefox(sys.argv[1:])
    try:
        trio.run(serve, address)
        firefox.wait(END_SECONDS)
    finally:
        firefox.kill()
        firefox.wait()


if __name__ == "__main__":
    main()

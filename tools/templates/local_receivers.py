"""Systems that are told of events, on this machine: each has a path, and verifies what comes as docs/webhooks.md says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

Json = Any

TOLERANCE_SECONDS = 300
TAKEN = 204


@dataclass
class Receiver:
    """One endpoint."""

    url: str
    # Of `signupctl endpoint add`.
    id: str = ""
    secret: str = ""
    # What comes next is answered so, one after the other; whatever comes then is taken.
    answers: list[int] = field(default_factory=list)
    # What was signed for it, in the order in which it came, whatever it was answered; and why the rest was not.
    told: list[Json] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def take(self, headers: Message, body: bytes) -> int:
        """The status that a message is answered."""
        if problem := problem_with(headers, body, self.secret):
            self.refused.append(problem)
            return 401
        self.told.append(json.loads(body))
        return self.answers.pop(0) if self.answers else TAKEN

    def ids(self) -> list[str]:
        return [event["id"] for event in self.told]


def problem_with(headers: Message, body: bytes, secret: str) -> str:
    """What is wrong with a message; nothing when it is signed as Standard Webhooks has it."""
    of = {name: headers.get(f"webhook-{name}") or "" for name in ("id", "timestamp", "signature")}
    at = of["timestamp"]
    if not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE_SECONDS:
        return f"a timestamp of {at!r}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{of['id']}.{at}.".encode() + body, hashlib.sha256).digest()
    own = f"v1,{base64.b64encode(digest).decode()}"
    if not any(hmac.compare_digest(own, one) for one in of["signature"].split(" ")):
        return f"no signature of its key: {of['signature']!r}"
    # After the signature: nobody else's text is read.
    return "" if json.loads(body)["id"] == of["id"] else f"the id of another event: {of['id']!r}"


class LocalReceivers:
    def __init__(self, *names: str) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._receivers = {name: Receiver(f"http://{self.host}/{name}") for name in names}

    def __enter__(self) -> LocalReceivers:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __getitem__(self, name: str) -> Receiver:
        return self._receivers[name]

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        receivers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receivers[self.path.lstrip("/")].take(self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler

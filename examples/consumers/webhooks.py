"""Receives webhooks as Standard Webhooks defines them (https://www.standardwebhooks.com).

Settings: WEBHOOK_SECRET has the endpoint's secret (`whsec_…`), and during a rotation both, with a space between them. HOST and
PORT say where it listens, by default on 127.0.0.1:8787. Put something in front of it that speaks HTTPS.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 5 * 60
MAX_BODY_OCTETS = 1024 * 1024


class Refused(Exception):
    """Nobody who knows the secret sent this now."""


def verify(secrets, headers, body, now):
    """Gives the id of an event whose signature is good."""
    identifier, timestamp, signatures = (
        headers.get(name) or "" for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise Refused("the timestamp is too far from now")
    signed = f"{identifier}.{timestamp}.".encode() + body
    stated = [part.encode() for part in signatures.split()]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        # Every comparison takes the same time, so that nobody can guess a signature piece by piece.
        if any([hmac.compare_digest(one, expected) for one in stated]):
            return identifier
    raise Refused("no signature is good")


def serve(handle):
    """Serves for ever. `handle(identifier, event)` gets each event; when it raises, the event comes again later.

    An event can come more than once, and after one that happened later.
    """
    secrets = os.environ["WEBHOOK_SECRET"].split()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("content-length") or 0)
            if length > MAX_BODY_OCTETS:
                return self.answer(413)
            body = self.rfile.read(length)
            try:
                identifier = verify(secrets, self.headers, body, time.time())
            except Refused as refused:
                self.log_error("refused: %s", refused)
                return self.answer(401)
            try:
                handle(identifier, json.loads(body))
            except Exception as error:
                self.log_error("%s: not handled: %r", identifier, error)
                return self.answer(500)
            return self.answer(204)

        def answer(self, status):
            self.send_response(status)
            self.end_headers()

    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8787")))
    server = ThreadingHTTPServer(address, Handler)
    print(f"listening on http://{server.server_address[0]}:{server.server_address[1]}", flush=True)
    server.serve_forever()

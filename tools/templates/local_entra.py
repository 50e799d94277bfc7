"""Entra as an issuer of tokens, on this machine: its discovery document, its keys, its signature."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
AUDIENCE = "00001111-aaaa-2222-bbbb-3333cccc4444"
# Microsoft's own application for custom authentication extensions.
CALLER = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
KEY_ID = "rehearsal"


class LocalEntra:
    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> LocalEntra:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, audience: str = AUDIENCE) -> str:
        """The Authorization header of Entra's call to an extension."""
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "kid": KEY_ID}
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "azp": CALLER,
            "tid": TENANT,
            "ver": "2.0",
        }
        signed = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(claims).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"Bearer {signed}.{base64url(signature)}"

    def document(self, path: str) -> Any:
        """A published document, None where there is none."""
        public = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "kid": KEY_ID,
            "n": base64url(public.n.to_bytes(256)),
            "e": base64url(public.e.to_bytes(3)),
        }
        return {
            "/.well-known/openid-configuration": {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"},
            "/keys": {"keys": [key]},
        }.get(path)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        entra = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = entra.document(self.path)
                self.send_response(404 if document is None else 200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

"""Entra as an issuer of tokens, on this machine: its discovery document, its keys, its signature, and people who sign in."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
import time
import urllib.parse
import uuid
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
AUDIENCE = "00001111-aaaa-2222-bbbb-3333cccc4444"
# Microsoft's own application for custom authentication extensions.
CALLER = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
KEY_ID = "rehearsal"
# The application that people sign in to, and those who do.
CONSOLE = {"client_id": "33334444-dddd-5555-eeee-6666ffff7777", "client_secret": "rehearsal-of-the-console"}
APPROVER = {
    "oid": "77778888-bbbb-9999-cccc-0000dddd1111",
    "preferred_username": "approver@contoso.example",
    "roles": ["Administrator"],
}
ADMINISTRATOR = {
    "oid": "77778888-bbbb-9999-cccc-0000dddd2222",
    "preferred_username": "administrator@contoso.example",
    "roles": ["Administrator"],
}


class LocalEntra:
    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.issuer = f"http://{self.host}"
        self.authority = f"{self.issuer}/{TENANT}"
        # By code: what the console asked for, and who signed in.
        self._asked: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}

    def __enter__(self) -> LocalEntra:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, audience: str = AUDIENCE) -> str:
        """The Authorization header of Entra's call to an extension."""
        return f"Bearer {self._signed({'aud': audience, 'iss': self.issuer, 'azp': CALLER})}"

    def _signed(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "kid": KEY_ID}
        claims = {"iat": now, "nbf": now, "exp": now + 3600, "tid": TENANT, "ver": "2.0"} | claims
        signed = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(claims).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64url(signature)}"

    def sign_in(self, address: str, person: dict[str, Any]) -> str:
        """Somebody signs in where the console sent the browser; returns the query that leads back."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        code = str(uuid.uuid4())
        self._asked[code] = (asked, person)
        return urllib.parse.urlencode({"code": code, "state": asked["state"]})

    def redeem(self, form: dict[str, str]) -> tuple[int, Any]:
        """The token endpoint: a code once, for the client and with the verifier that it was made for (RFC 7636)."""
        begun = self._asked.pop(form.get("code", ""), None)
        if begun is None:
            return 400, {"error": "invalid_grant"}
        asked, person = begun
        expected = CONSOLE | {"grant_type": "authorization_code", "redirect_uri": asked["redirect_uri"]}
        challenge = base64url(hashlib.sha256(form["code_verifier"].encode()).digest())
        if form != form | expected or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_request"}
        claims = {"aud": CONSOLE["client_id"], "iss": f"{self.authority}/v2.0", "nonce": asked["nonce"]}
        return 200, {"token_type": "Bearer", "id_token": self._signed(claims | person)}

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
        configuration = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        return {
            "/.well-known/openid-configuration": configuration,
            f"/{TENANT}/v2.0/.well-known/openid-configuration": configuration,
            "/keys": {"keys": [key]},
        }.get(path)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        entra = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = entra.document(self.path)
                self.answer(404 if document is None else 200, document)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(*entra.redeem(dict(urllib.parse.parse_qsl(body))))

            def answer(self, status: int, document: Any) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

"""The systems that a policy asks, on this machine: a customer register, and a provider of identity checks."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from typing import Any

Json = Any

API_KEY = "the key of the rehearsal"
# Whose domain the customer register is out of order for, and whose identity cannot be checked.
OUTAGE = "outage.example"
UNCHECKED = "Outage"
REFERENCE = "check-1"

POLICY = """
default = "allow"

[source.directory]
kind = "directory"
steps = ["after-federation", "before-creating-user", "before-token"]

[source.directory.claims]
jobTitle = "title"

[source.roles]
kind = "directory"
steps = ["before-token"]

[source.roles.claims]
roles = "roles"

[source.crm]
kind = "http"
steps = ["after-federation", "before-creating-user", "before-token"]
url = "ORIGIN/people/{email}"
auth = { kind = "api-key", secret = "crm" }
budget-ms = 1000
cache-seconds = 600
found = "/person"
on-slow = "continue"
on-failed = "continue"

[source.crm.claims]
companyName = "/person/company"

[attribute.extension_SupplierNumber]
in-set = "suppliers"
label = { en = "Supplier number" }

[attribute.extension_Invitation]
invitation = true
blank = true
label = { en = "Invitation code" }

[verification.identity]
provider = "http"
url = "ORIGIN/checks"
auth = { kind = "api-key", secret = "crm" }
outcome = "/decision"
verified = ["PASS"]
failed = ["FAIL"]
reference = "/id"
on-unavailable = "review"

[verification.identity.body]
name = "{givenName} {surname}"
"""


class OtherSystems:
    def __init__(self) -> None:
        # Paths of the requests that came with the key.
        self.asked: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.policy = POLICY.replace("ORIGIN", f"http://{self.host}")

    def __enter__(self) -> OtherSystems:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def times_asked(self, path: str) -> int:
        return self.asked.count(path)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        systems = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _answer(self, body: Json) -> None:
                path = urllib.parse.unquote(self.path)
                if self.headers["X-Api-Key"] == API_KEY:
                    systems.asked.append(path)
                    status, document = said_of(path, body)
                else:
                    status, document = 401, None
                octets = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


def said_of(path: str, body: Json) -> tuple[int, Json]:
    if body is not None:
        is_out = body["name"].endswith(UNCHECKED)
        return (503, None) if is_out else (200, {"decision": "PASS", "id": REFERENCE})
    if path.endswith(f"@{OUTAGE}"):
        return 503, None
    return 200, {"person": {"company": "Fabrikam"}}

"""Microsoft Graph, on this machine: as much of it as makes an account, and the tokens that it wants to see."""

from __future__ import annotations

import base64
import http.server
import json
import re
import threading
import urllib.parse
import uuid
from typing import Any

Json = Any

CLIENT = {"client_id": "22223333-cccc-4444-dddd-5555eeee6666", "client_secret": "rehearsal-of-accounts"}
SCOPE = "https://graph.microsoft.com/.default"
TOKEN = "the token of the rehearsal"


class LocalGraph:
    def __init__(self) -> None:
        # By object id: the body of its creation, then the groups that it joined and the roles that it got.
        self.accounts: dict[str, Json] = {}
        # What is listed as created in the last hours, each as Graph shows it.
        self.guests: list[Json] = []
        self.groups: dict[str, list[str]] = {}
        self.app_roles: dict[str, list[str]] = {}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/v1.0"
        self.token_url = f"http://{self.host}/token"

    def __enter__(self) -> LocalGraph:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, Json]:
        if path == "/token":
            return token(authorization, dict(urllib.parse.parse_qsl(body.decode())))
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}}
        return self._answer_known(path.split("/")[1:], json.loads(body))

    def shown(self, path: str, authorization: str) -> tuple[int, Json]:
        """The guests, or an account, as far as it has one of that id."""
        resource, _, query = path.partition("?")
        if resource == "/v1.0/users" and authorization == f"Bearer {TOKEN}":
            return listed(self.guests, dict(urllib.parse.parse_qsl(query)))
        account = resource.rpartition("/")[2]
        if authorization != f"Bearer {TOKEN}" or account not in self.accounts:
            return 404, {"error": {"code": "Request_ResourceNotFound", "message": f"'{account}' does not exist."}}
        return 200, {"id": account}

    def _answer_known(self, path: list[str], body: Json) -> tuple[int, Json]:
        match path:
            case ["v1.0", "users"]:
                account = str(uuid.uuid4())
                self.accounts[account] = body
                return 201, body | {"id": account}
            case ["v1.0", "groups", group, "members", "$ref"]:
                self.groups.setdefault(body["@odata.id"].rpartition("/")[2], []).append(group)
                return 204, None
            case ["v1.0", "users", account, "appRoleAssignments"]:
                self.app_roles.setdefault(account, []).append(body["appRoleId"])
                return 201, body
            case _:
                return 400, {"error": {"code": "BadRequest", "message": f"Resource not found for {path}."}}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        graph = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path = urllib.parse.unquote(self.path)
                self._send(*graph.answer(path, self.headers["Authorization"] or "", body))

            def do_GET(self) -> None:
                self._send(*graph.shown(self.path, self.headers["Authorization"] or ""))

            def _send(self, status: int, document: Json) -> None:
                octets = b"" if document is None else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


def listed(guests: list[Json], options: dict[str, str]) -> tuple[int, Json]:
    """Those of a span of time, in one page."""
    span = re.fullmatch(r"createdDateTime ge (\S+Z) and createdDateTime le (\S+Z)", options.get("$filter", ""))
    if span is None:
        return 400, {"error": {"code": "Request_UnsupportedQuery", "message": "Unsupported filter."}}
    # In this form the order of the texts is that of time.
    since, until = span.groups()
    return 200, {"value": [guest for guest in guests if since <= guest["createdDateTime"] <= until]}


def token(authorization: str, form: dict[str, str]) -> tuple[int, Json]:
    """Client credentials (RFC 6749 section 4.4) of the one application."""
    own = base64.b64encode(":".join(CLIENT.values()).encode()).decode()
    if authorization != f"Basic {own}":
        return 401, {"error": "invalid_client"}
    if form != {"grant_type": "client_credentials", "scope": SCOPE}:
        return 400, {"error": "invalid_request"}
    return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}

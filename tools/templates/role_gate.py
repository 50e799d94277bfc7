"""What IAM does to a function's calls to DynamoDB, for an emulator that does not.

A gate stands between one function and the emulator and lets through what the function's role in the template allows:
the action, on the table, for those partition keys. So a role that is too narrow for the program fails the rehearsal as
it would fail the deployment, and a statement that no call ever needed shows as well.
"""

from __future__ import annotations

import fnmatch
import http.client
import http.server
import json
import threading
from typing import Any

Json = Any

TABLE_ARN = {"Fn::GetAtt": ["Table", "Arn"]}


class RoleGate:
    """A gate for one function, listening on a port of its own."""

    def __init__(self, function: str, statements: list[Json], emulator_port: int) -> None:
        self.function = function
        self.refused: list[str] = []
        self._unused = {statement["Sid"]: statement for statement in statements if is_of_table(statement)}
        self._statements = list(self._unused.values())
        self._emulator_port = emulator_port
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def unused(self) -> list[str]:
        """The statements on the table that no call has needed so far."""
        return sorted(self._unused)

    def __enter__(self) -> RoleGate:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def admits(self, action: str, body: Json) -> bool:
        keys = leading_keys(body)
        for statement in self._statements:
            if action in as_list(statement["Action"]) and holds(statement.get("Condition", {}), keys):
                self._unused.pop(statement["Sid"], None)
                return True
        self.refused.append(f"{action} of {keys}")
        return False

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                action = "dynamodb:" + self.headers["X-Amz-Target"].rpartition(".")[2]
                if gate.admits(action, json.loads(body)):
                    status, answer = gate._forward(dict(self.headers), body)
                else:
                    status, answer = 400, access_denied(gate.function, action)
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler

    def _forward(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._emulator_port, timeout=10)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def is_of_table(statement: Json) -> bool:
    """A statement that the template adds by a condition is of none."""
    return bool(statement.get("Effect") == "Allow" and statement["Resource"] == TABLE_ARN)


def leading_keys(body: Json) -> list[str]:
    """The partition keys that a request names: its `dynamodb:LeadingKeys`."""
    batch = [key for table in body.get("RequestItems", {}).values() for key in table["Keys"]]
    keys = [*batch, *(body[one] for one in ("Key", "Item") if one in body)]
    return sorted({key["pk"]["S"] for key in keys})


def holds(condition: Json, keys: list[str]) -> bool:
    """Whether a statement's condition holds for these partition keys."""
    for operator, operands in condition.items():
        if set(operands) != {"dynamodb:LeadingKeys"}:
            raise ValueError(f"{operator}: found a condition on {sorted(operands)}, expected dynamodb:LeadingKeys")
        patterns = operands["dynamodb:LeadingKeys"]
        if operator == "Null":
            fulfilled = (patterns == "true") == (not keys)
        elif operator == "ForAllValues:StringEquals":
            fulfilled = set(keys) <= set(as_list(patterns))
        elif operator == "ForAllValues:StringLike":
            fulfilled = all(any(fnmatch.fnmatchcase(key, pattern) for pattern in as_list(patterns)) for key in keys)
        else:
            raise ValueError(f"{operator}: found an operator that the gate does not know")
        if not fulfilled:
            return False
    return True


def access_denied(function: str, action: str) -> bytes:
    answer = {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": f"the role of {function} is not authorized to perform {action} for these keys",
    }
    return json.dumps(answer).encode()


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]

"""What IAM does to a function's calls to DynamoDB, Secrets Manager and KMS, for an emulator that does not.

A gate stands between one function and the emulator and lets through what the function's role in the template allows:
the action, on the table for those partition keys, on the secret of that name, or on applicants' key for that encryption
context. So a role that is too narrow for the program fails the rehearsal as it would fail the deployment, and what no
call ever needed shows as well. What Lambda does in a function's name, such as fetching messages, does not come by here.
"""

from __future__ import annotations

import contextlib
import fnmatch
import http.client
import http.server
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = Any

TABLE_ARN = {"Fn::GetAtt": ["Table", "Arn"]}
LEADING_KEYS = "dynamodb:LeadingKeys"
REQUESTS_KEY_ARN = {"Fn::GetAtt": ["RequestsKey", "Arn"]}
CONTEXT_KEYS = "kms:EncryptionContextKeys"
ONLY_THESE = ("ForAllValues:StringEquals", "ForAllValues:StringLike")
BEFORE_A_SECRET = ":secret:"
# What Secrets Manager adds to a name has this form.
AFTER_A_SECRET = "-AbCdEf"

# Those of the template that hold in the rehearsal and decide about what the gate knows.
CONDITIONS = ("Provisions", "ChecksGuests")

TRANSACTION = "TransactWriteItems"
# The writes of a transaction are allowed one by one.
IN_TRANSACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


@dataclass(frozen=True)
class Call:
    """One thing that a request wants to do, with the partition keys, the secret or the context that it names."""

    action: str
    names: tuple[str, ...]


@dataclass
class Grant:
    """One statement of a role: its actions, the patterns of what they may name, and what of both no call has needed."""

    sid: str
    actions: list[str]
    patterns: list[str]
    unused: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.unused = {*self.actions, *self.patterns}

    def admits(self, call: Call) -> bool:
        # A request that names nothing is what the condition Null is for.
        admitted = call.action in self.actions and call.names and all(map(self._matching, call.names))
        if admitted:
            self.unused -= {call.action, *(pattern for name in call.names for pattern in self._matching(name))}
        return bool(admitted)

    def _matching(self, name: str) -> list[str]:
        return [pattern for pattern in self.patterns if fnmatch.fnmatchcase(name, pattern)]


class RoleGate:
    """A gate for one function, listening on a port of its own."""

    def __init__(
        self, function: str, statements: list[Json], parameters: dict[str, str], emulator_port: int
    ) -> None:
        self.function = function
        self.refused: list[str] = []
        self._grants = [grant for statement in statements for grant in grants(statement, parameters)]
        self._emulator_port = emulator_port
        self._others: threading.Thread | None = None
        self._beginning = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def unused(self) -> list[str]:
        """The actions, partitions and secrets of its statements that no call has needed so far."""
        return sorted(f"{grant.sid}: {unused}" for grant in self._grants for unused in grant.unused)

    def __enter__(self) -> RoleGate:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def admits(self, call: Call) -> bool:
        if any(grant.admits(call) for grant in self._grants):
            return True
        self.refused.append(f"{call.action} of {list(call.names)}")
        return False

    def before_next_transaction(self, others: Callable[[], object]) -> None:
        """Has something done when the function's next transaction comes, which so comes too late."""
        self._others = threading.Thread(target=others, daemon=True)

    def _others_transact(self) -> bool:
        """Whether what was to be done first is being done: until then DynamoDB would tell of a conflict."""
        with self._beginning:
            if self._others and self._others.ident is None:
                self._others.start()
        return self._others is not None and self._others.is_alive()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target = self.headers["X-Amz-Target"]
                wanted = calls(target, json.loads(body))
                refused = [call for call in wanted if not gate.admits(call)]
                if refused:
                    status, answer = 400, access_denied(gate.function, refused[0])
                elif target.endswith(TRANSACTION) and gate._others_transact():
                    status, answer = 400, conflict(len(wanted))
                else:
                    status, answer = gate._forward(dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Type", self.headers["Content-Type"])
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                # Whoever has waited too long is gone.
                with contextlib.suppress(BrokenPipeError):
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


def grants(statement: Json, parameters: dict[str, str]) -> list[Grant]:
    """What a statement allows on what the gate knows. One that the template adds by a condition counts if that holds."""
    match statement.get("Fn::If"):
        case [condition, dict(inner), _] if condition in CONDITIONS:
            return grants(inner, parameters)
    if statement.get("Effect") != "Allow":
        return []
    patterns = patterns_of(statement, parameters)
    return [Grant(statement["Sid"], as_list(statement["Action"]), patterns)] if patterns else []


def patterns_of(statement: Json, parameters: dict[str, str]) -> list[str]:
    resource = statement["Resource"]
    if resource == TABLE_ARN:
        return patterns_in(statement["Condition"], LEADING_KEYS)
    if resource == REQUESTS_KEY_ARN:
        return patterns_in(statement["Condition"], CONTEXT_KEYS)
    secret = resource.get("Fn::Sub", "") if isinstance(resource, dict) else ""
    _, is_secret, name = secret.partition(BEFORE_A_SECRET)
    for parameter, value in parameters.items():
        name = name.replace(f"${{{parameter}}}", value)
    return [name] if is_secret else []


def patterns_in(condition: Json, key: str) -> list[str]:
    """What a condition lets a request name, which must have the one form that the gate knows."""
    null, in_these = condition.get("Null"), [operator for operator in condition if operator in ONLY_THESE]
    if null != {key: "false"} or len(in_these) != 1 or len(condition) != 2:
        raise ValueError(f"found {condition}, expected ForAllValues on {key} and Null beside it")
    return as_list(condition[in_these[0]][key])


def calls(target: str, body: Json) -> list[Call]:
    """What a request of AWS's JSON protocol wants to do."""
    service, _, operation = target.partition(".")
    if service == "secretsmanager":
        return [Call(f"secretsmanager:{operation}", (body["SecretId"] + AFTER_A_SECRET,))]
    if service == "TrentService":
        return [Call(f"kms:{operation}", tuple(sorted(body.get("EncryptionContext", {}))))]
    if operation == TRANSACTION:
        writes = [write for item in body["TransactItems"] for write in item.items()]
        return [Call(f"dynamodb:{IN_TRANSACTIONS[kind]}", leading_keys(write)) for kind, write in writes]
    return [Call(f"dynamodb:{operation}", leading_keys(body))]


def leading_keys(body: Json) -> tuple[str, ...]:
    """The partition keys that a request names: its `dynamodb:LeadingKeys`."""
    batch = [key for table in body.get("RequestItems", {}).values() for key in batched(table)]
    # Every query names its partition so.
    queried = [{"pk": body["ExpressionAttributeValues"][":pk"]}] if "KeyConditionExpression" in body else []
    keys = [*batch, *queried, *(body[one] for one in ("Key", "Item") if one in body)]
    return tuple(sorted({key["pk"]["S"] for key in keys}))


def batched(table: Json) -> list[Json]:
    """The keys or items of one table in a batch that reads or writes."""
    if isinstance(table, dict):
        return list(table["Keys"])
    return [kind.get("Key") or kind["Item"] for write in table for kind in write.values()]


def access_denied(function: str, call: Call) -> bytes:
    answer = {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": f"the role of {function} is not authorized to perform {call.action} on this resource",
    }
    return json.dumps(answer).encode()


def conflict(writes: int) -> bytes:
    answer = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": [{"Code": "TransactionConflict"}] * writes,
    }
    return json.dumps(answer).encode()


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]

"""What IAM does to a function's calls to AWS, for an emulator that does not.

A gate stands between one function and the emulator and lets through what the function's role in the template allows:
the action, on the table for those partition keys, on the secret of that name, on applicants' key for that encryption
context, or on the bus, the topic, the queue or the bucket that a statement names. So a role that is too narrow for the
program fails the rehearsal as it would fail the deployment, and what no call ever needed shows as well. What Lambda does
in a function's name, such as fetching messages, does not come by here. Mails do not either.
"""

from __future__ import annotations

import contextlib
import fnmatch
import http.client
import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

Json = Any

LEADING_KEYS = "dynamodb:LeadingKeys"
CONTEXT_KEYS = "kms:EncryptionContextKeys"
ONLY_THESE = ("ForAllValues:StringEquals", "ForAllValues:StringLike")
BEFORE_A_SECRET = ":secret:"
# What Secrets Manager adds to a name has this form.
AFTER_A_SECRET = "-AbCdEf"

# What functions call besides, by the template's names. Other resources of a role are for Lambda to call: the stream, the
# log, and queues whose messages it brings or in which it leaves what failed.
CALLED = ("AuditBucket", "EventBus", "EventTopic", "WebhooksQueue")
# What Lambda does with a queue that the function itself only fills.
LAMBDAS_OWN = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
BELOW_AN_ARN = re.compile(r"\$\{(?P<name>\w+)\.Arn\}(?P<path>/.+)")

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


# What takes many at once needs the permission for one (`SendMessageBatch`, `PublishBatch`).
MANY = "Batch"

OBJECTS = {"GET": "s3:GetObject", "PUT": "s3:PutObject"}
# Without the right to list a bucket, a missing object is told as a forbidden one.
LISTING = "s3:ListBucket"
CHECKSUMS = ("content-md5", "x-amz-checksum-")


@dataclass(frozen=True)
class Request:
    """What comes from the function."""

    method: str
    path: str
    headers: Message
    body: bytes

    @property
    def target(self) -> str:
        """The operation of the JSON protocols; empty for S3 and SNS, which speak others."""
        return self.headers.get("X-Amz-Target") or ""


@dataclass(frozen=True)
class Answer:
    """What goes back to it."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Call:
    """One thing that a request wants to do, with what it names: partition keys, a secret, a context, or a resource."""

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
        # The template's names of what was deployed, by those that it got there.
        self.deployed: dict[str, str] = {}
        self._others: threading.Thread | None = None
        self._others_put = False
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

    def before_next_object(self) -> None:
        """Has somebody else begin to put the same object that the function puts next, and not end it."""
        self._others_put = True

    def _answer(self, request: Request) -> Answer:
        wanted = calls(request, self.deployed)
        refused = [call for call in wanted if not self.admits(call)]
        if refused:
            return access_denied(self.function, refused[0])
        if request.target.endswith(TRANSACTION) and self._others_transact():
            return conflict(len(wanted))
        if request.method == "PUT" and (refusal := self._refusal_of_object(request)):
            return refusal
        answer = self._forward(request)
        if request.method == "GET" and answer.status == 404:
            listing = Call(LISTING, (bucket_of(request, self.deployed),))
            return answer if self.admits(listing) else access_denied(self.function, listing)
        return answer

    def _refusal_of_object(self, request: Request) -> Answer | None:
        """What S3 refuses, and the emulator does not."""
        if not any(name.lower().startswith(CHECKSUMS) for name in request.headers):
            return refusal_of_object(400, "InvalidRequest")
        if self._others_put:
            self._others_put = False
            return refusal_of_object(409, "ConditionalRequestConflict")
        return None

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = gate._answer(Request(self.command, self.path, self.headers, body))
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                # Whoever has waited too long is gone.
                with contextlib.suppress(BrokenPipeError):
                    self.wfile.write(answer.body)

            do_GET = do_PUT = do_POST

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler

    def _forward(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._emulator_port, timeout=10)
        try:
            connection.request(request.method, request.path, request.body, dict(request.headers))
            response = connection.getresponse()
            return Answer(response.status, response.headers.get("Content-Type") or "", response.read())
        finally:
            connection.close()


def grants(statement: Json, parameters: dict[str, str]) -> list[Grant]:
    """What a statement allows on what the gate knows. One that the template adds by a condition counts if that holds."""
    match statement.get("Fn::If"):
        case [condition, dict(inner), _] if condition in CONDITIONS:
            return grants(inner, parameters)
    if statement.get("Effect") != "Allow":
        return []
    actions = [action for action in as_list(statement["Action"]) if action not in LAMBDAS_OWN]
    resources = as_list(statement["Resource"])
    patterns = [pattern for resource in resources for pattern in patterns_of(resource, statement, parameters)]
    return [Grant(statement["Sid"], actions, patterns)] if actions and patterns else []


def patterns_of(resource: Json, statement: Json, parameters: dict[str, str]) -> list[str]:
    """What a request may name of a resource; nothing for one that is not known."""
    match resource:
        case {"Fn::GetAtt": ["Table", "Arn"]}:
            return patterns_in(statement["Condition"], LEADING_KEYS)
        case {"Fn::GetAtt": ["RequestsKey", "Arn"]}:
            return patterns_in(statement["Condition"], CONTEXT_KEYS)
        case ({"Fn::GetAtt": [name, "Arn"]} | {"Ref": name}) if name in CALLED:
            return [name]
        case {"Fn::Sub": str(text)}:
            return patterns_below(text, parameters)
    return []


def patterns_below(text: str, parameters: dict[str, str]) -> list[str]:
    """The names of secrets, or of objects of a bucket."""
    below = BELOW_AN_ARN.fullmatch(text)
    if below and below["name"] in CALLED:
        return [below["name"] + below["path"]]
    _, is_secret, name = text.partition(BEFORE_A_SECRET)
    for parameter, value in parameters.items():
        name = name.replace(f"${{{parameter}}}", value)
    return [name] if is_secret else []


def patterns_in(condition: Json, key: str) -> list[str]:
    """What a condition lets a request name, which must have the one form that the gate knows."""
    null, in_these = condition.get("Null"), [operator for operator in condition if operator in ONLY_THESE]
    if null != {key: "false"} or len(in_these) != 1 or len(condition) != 2:
        raise ValueError(f"found {condition}, expected ForAllValues on {key} and Null beside it")
    return as_list(condition[in_these[0]][key])


def calls(request: Request, deployed: dict[str, str]) -> list[Call]:
    """What a request wants to do."""
    if request.target:
        return calls_of_json(request.target, json.loads(request.body), deployed)
    if request.method in OBJECTS:
        path = request.path.lstrip("/").partition("/")[2]
        return [Call(OBJECTS[request.method], (f"{bucket_of(request, deployed)}/{path}",))]
    form = dict(urllib.parse.parse_qsl(request.body.decode()))
    return [Call(f"sns:{form['Action'].removesuffix(MANY)}", (template_name(form["TopicArn"], deployed),))]


def calls_of_json(target: str, body: Json, deployed: dict[str, str]) -> list[Call]:
    """What a request of AWS's JSON protocols wants to do."""
    service, _, operation = target.partition(".")
    if service == "secretsmanager":
        return [Call(f"secretsmanager:{operation}", (body["SecretId"] + AFTER_A_SECRET,))]
    if service == "TrentService":
        return [Call(f"kms:{operation}", tuple(sorted(body.get("EncryptionContext", {}))))]
    if service == "AmazonSQS":
        return [Call(f"sqs:{operation.removesuffix(MANY)}", (template_name(body["QueueUrl"], deployed),))]
    if service == "AWSEvents":
        buses = {template_name(entry["EventBusName"], deployed) for entry in body["Entries"]}
        return [Call(f"events:{operation}", tuple(sorted(buses)))]
    if operation == TRANSACTION:
        writes = [write for item in body["TransactItems"] for write in item.items()]
        return [Call(f"dynamodb:{IN_TRANSACTIONS[kind]}", leading_keys(write)) for kind, write in writes]
    return [Call(f"dynamodb:{operation}", leading_keys(body))]


def bucket_of(request: Request, deployed: dict[str, str]) -> str:
    """The bucket in the path of a request."""
    return template_name(request.path.lstrip("/").partition("/")[0], deployed)


def template_name(name: str, deployed: dict[str, str]) -> str:
    """The template's name of what was deployed; what was not keeps its own, which no statement has."""
    return deployed.get(name, name)


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


AWS_JSON = "application/x-amz-json-1.0"


def access_denied(function: str, call: Call) -> Answer:
    answer = {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": f"the role of {function} is not authorized to perform {call.action} on this resource",
    }
    return Answer(400, AWS_JSON, json.dumps(answer).encode())


def conflict(writes: int) -> Answer:
    answer = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": [{"Code": "TransactionConflict"}] * writes,
    }
    return Answer(400, AWS_JSON, json.dumps(answer).encode())


def refusal_of_object(status: int, code: str) -> Answer:
    return Answer(status, "application/xml", f"<Error><Code>{code}</Code></Error>".encode())


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]

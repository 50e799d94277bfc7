#!/usr/bin/env python3
"""Rehearses a deployment: `sam deploy` of the template into an AWS emulator, then sign-ups through the deployed API.

The emulator is ministack, on this machine only, in memory, ended with all its processes when the rehearsal ends. What
runs behind its API are the real binaries, on the table that the template made, with lists and credentials written by
the real signupctl, with Entra's tokens and sign-ins from a local issuer, with other systems for a policy to ask and
others to be told of events, and with a Microsoft Graph for accounts. Between each function and AWS a gate enforces the
function's role (role_gate.py). So a green rehearsal proves the wiring: parameters, routes, settings, table, stream,
queues, bus, topic, bucket and roles. The emulator's pipes fill no queue, so the rehearsal does it as the template's pipe
says (local_pipe.py). It knows nothing of TTL, PITR, Object Lock, KMS policies, throttling and what a pipe's role allows;
those are asserted by lint.py. Nor does it bring a record of the stream again that a function could not take: that is
tried in shared/tests/events.

    rehearse.py [--binaries target/debug] [--signupctl target/debug/signupctl]
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import copy
import datetime
import http.client
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from local_entra import ADMINISTRATOR, APPROVER, AUDIENCE, CONSOLE, TENANT, LocalEntra
from local_graph import CLIENT, LocalGraph
from local_pipe import LocalPipe
from local_receivers import LocalReceivers, Receiver
from other_systems import API_KEY, OUTAGE, REFERENCE, UNCHECKED, OtherSystems
from role_gate import RoleGate
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
MINISTACK = ROOT / ".venv-ministack" / "bin" / "ministack"
SAM = Path(sys.executable).with_name("sam")
STACK = "rehearsal"
REGION = "eu-north-1"
# Not the default, so that an answer shows that parameter, environment and route arrive at the function.
USER_FLOWS = {"partners": {"default": "deny"}}
SECRETS_PREFIX = "rehearsal/secrets"
MAIL_ADDRESS = "no-reply@contoso.example"
MAIL_FROM = f"Contoso <{MAIL_ADDRESS}>"
GRAPH_SECRET = "accounts"
CONSOLE_URL = "https://approvals.contoso.example"
CONSOLE_SECRET = "approvers"
LINK_SECRET = "rehearsal-links"
# The functions speak plain HTTP with their own machine only; the template has no use for that.
HTTP_PARAMETERS = ("EntraIssuers", "GraphUrl", "GraphTokenUrl", "ConsoleAuthority")

Json = Any


class RehearsalError(Exception):
    """The rehearsal could not be done, as opposed to a check that failed."""


# --- The emulator -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Emulator:
    port: int
    directory: Path
    log: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """For everything that talks to the emulator: no account, proxy, profile or cache of this machine's user."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "TMPDIR": str(self.directory),
            "AWS_ENDPOINT_URL": self.endpoint,
            # The functions are built without the SDK's general configuration, and signupctl reads the others so as well.
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ENDPOINT_URL_SQS": self.endpoint,
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_CHECK_FOR_UPDATES": "0",
        }

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",
        )


@contextlib.contextmanager
def emulator(directory: Path) -> Iterator[Emulator]:
    if not MINISTACK.exists():
        raise RehearsalError(
            f"{MINISTACK}: found nothing, expected the emulator (tools/templates/requirements-rehearse.txt)"
        )
    running = Emulator(free_port(), directory, directory / "ministack.log")
    environment = running.environment() | {
        "GATEWAY_PORT": str(running.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "SERVICES": (
            "apigateway,cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,kms,lambda,logs,pipes,s3,"
            "secretsmanager,sns,sqs,sts"
        ),
        # Otherwise it listens on a fixed port as well.
        "IOT_MTLS_ENABLED": "0",
        "S3_DATA_DIR": str(directory / "s3"),
    }
    with running.log.open("wb") as log:
        # A session of its own: its functions are processes that outlive it, and are ended with it as one group.
        process = subprocess.Popen(
            [str(MINISTACK)], env=environment, cwd=directory, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_ready(running, process)
            yield running
        finally:
            end_group(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(running: Emulator, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RehearsalError(
                f"{MINISTACK}: found exit code {process.returncode}, expected a server: {tail(running.log)}"
            )
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=2)
            connection.request("GET", "/_ministack/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise RehearsalError(f"{MINISTACK}: found no answer in {seconds:.0f} s, expected a server: {tail(running.log)}")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the emulator and then whatever is left of its group: its functions ignore what happens to it."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


# --- The deployment ---------------------------------------------------------------------------------------------------


def deploy(
    running: Emulator,
    template: Path,
    entra: LocalEntra,
    others: OtherSystems,
    graph: LocalGraph,
    receivers: LocalReceivers,
) -> dict[str, str]:
    """Deploys a template; returns the stack's outputs."""
    overrides = {
        # Everything runs on this one machine.
        "ConnectorDeadlineMs": "4500",
        # Quoted once more, because sam takes a value that is not in quotes apart at its own.
        "UserFlows": json.dumps(json.dumps(USER_FLOWS)),
        "EntraTenantId": TENANT,
        "EntraAudiences": AUDIENCE,
        "EntraIssuers": entra.issuer,
        "PrivateHosts": f"{others.host},{graph.host},{entra.host},{receivers.host}",
        "EventFields": "email",
        "SecretsPrefix": SECRETS_PREFIX,
        "MailFrom": json.dumps(MAIL_FROM),
        "GraphTenantId": TENANT,
        "GraphTenantDomain": "contoso.onmicrosoft.com",
        "GraphSecret": GRAPH_SECRET,
        "GraphUrl": graph.url,
        "GraphTokenUrl": graph.token_url,
        "InviteRedirectUrl": "https://myapp.contoso.example",
        "GuestsNeedApproval": "true",
        "ConsoleUrl": CONSOLE_URL,
        "ConsoleTenantId": TENANT,
        "ConsoleAuthority": entra.authority,
        "ConsoleSecret": CONSOLE_SECRET,
        "LinkSecret": LINK_SECRET,
    }
    command = [
        str(SAM),
        "deploy",
        *("--template-file", str(template)),
        *("--stack-name", STACK),
        *("--region", REGION),
        *("--capabilities", "CAPABILITY_IAM"),
        "--resolve-s3",
        "--no-confirm-changeset",
        "--no-progressbar",
        *("--parameter-overrides", *(f"{name}={value}" for name, value in overrides.items())),
    ]
    run(command, running.environment(), cwd=template.parent)
    [stack] = running.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def names_in_template(running: Emulator) -> dict[str, str]:
    """The template's name of everything that was deployed, by the name that it got."""
    pages = running.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    return {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in resources}


def deployed_name(names: dict[str, str], resource: str) -> str:
    [found] = [deployed for deployed, name in names.items() if name == resource]
    return found


def functions_of(template: Json) -> dict[str, Json]:
    resources = template["Resources"].items()
    return {name: resource for name, resource in resources if resource["Type"] == "AWS::Serverless::Function"}


def role_gates(template: Json, running: Emulator) -> list[RoleGate]:
    """A gate for each function, with the statements of its role."""
    gates = []
    secrets = {
        "SecretsPrefix": SECRETS_PREFIX,
        "GraphSecret": GRAPH_SECRET,
        "ConsoleSecret": CONSOLE_SECRET,
        "LinkSecret": LINK_SECRET,
    }
    for name, function in functions_of(template).items():
        role = template["Resources"][function["Properties"]["Role"]["Fn::GetAtt"][0]]
        policies = role["Properties"]["Policies"]
        statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
        gates.append(RoleGate(name, statements, secrets, running.port))
    return gates


PIPE = "RequestsPipe"
# As settings name them.
GATED = ("DYNAMODB", "SECRETS_MANAGER", "KMS", "EVENTBRIDGE", "SNS", "SQS", "S3")


def packaged(template: Json, gates: list[RoleGate], mail: str, binaries: Path, directory: Path) -> Path:
    """A copy of the template whose functions are the built binaries, for this machine's processor, behind the gates."""
    shutil.copytree(ROOT / "infra", directory / "infra")
    template = copy.deepcopy(template)
    template["Globals"]["Function"]["Architectures"] = [architecture()]
    functions = functions_of(template)
    for gate in gates:
        function = functions[gate.function]
        binary = function.pop("Metadata")["BuildProperties"]["Binary"]
        function["Properties"]["CodeUri"] = str(zipped(binaries / binary, directory))
        environment = function["Properties"].setdefault("Environment", {"Variables": {}})
        environment["Variables"] |= {
            **{f"AWS_ENDPOINT_URL_{service}": gate.endpoint for service in GATED},
            "AWS_ENDPOINT_URL_SESV2": mail,
        }
    for parameter in HTTP_PARAMETERS:
        template["Parameters"][parameter]["AllowedPattern"] = r"http://127\.0\.0\.1:\d+(/\S*)?"
    # Otherwise the emulator would try for ever to reach the topic.
    template["Resources"][PIPE]["Properties"]["DesiredState"] = "STOPPED"
    path = directory / "template.json"
    path.write_text(json.dumps(template, indent=1), encoding="utf-8")
    return path


def architecture() -> str:
    machine = platform.machine().lower()
    return {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[machine]


def zipped(binary: Path, directory: Path) -> Path:
    """A Lambda package: the binary under the name `bootstrap`."""
    package = directory / f"{binary.name}.zip"
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, binary.read_bytes())
    return package


def run(command: list[str], environment: dict[str, str], cwd: Path = ROOT, seconds: float = 300) -> str:
    """Runs a command to its end and returns what it printed; its whole output is shown only when it fails."""
    done = subprocess.run(
        command,
        env=environment,
        cwd=cwd,
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode != 0:
        name = f"{Path(command[0]).name} {command[1]}"
        raise RehearsalError(f"{name}: found exit code {done.returncode}, expected 0\n{done.stdout}\n{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Signupctl:
    """The command line, working on the deployed table."""

    binary: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str) -> str:
        return run([str(self.binary), *arguments], self.environment)

    def lines(self, *arguments: str) -> list[Json]:
        """What is printed with `--json`."""
        return [json.loads(line) for line in self(*arguments, "--json").splitlines()]

    def ended(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and what was printed, of a command that may fail."""
        command = [str(self.binary), *arguments]
        done = subprocess.run(command, env=self.environment, text=True, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout

    def add_endpoint(self, receiver: Receiver, *arguments: str) -> None:
        """Has a receiver told of events."""
        shown = self("endpoint", "add", receiver.url, *arguments).splitlines()
        receiver.id, receiver.secret = (line.partition(": ")[2] for line in shown[:2])

    def create_credential(self, username: str) -> str:
        """Creates a credential; returns the Authorization header that presents it."""
        printed = self("credential", "create", "--username", username)
        lines = dict(line.split(": ", 1) for line in printed.splitlines() if ": " in line)
        if not {"username", "password"} <= set(lines):
            raise RehearsalError(
                f"signupctl credential create: found {printed!r}, expected username: and password: lines"
            )
        return basic(lines["username"].strip(), lines["password"].strip())


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


# --- The sign-ups -----------------------------------------------------------------------------------------------------

# The documented request of a workforce tenant.
JOHN_ADDRESS = "johnsmith@fabrikam.onmicrosoft.com"
JOHN = {
    "email": JOHN_ADDRESS,
    "identities": [{"signInType": "federated", "issuer": "facebook.com", "issuerAssignedId": "0123456789"}],
    "displayName": "John Smith",
    "givenName": "John",
    "surname": "Smith",
    "jobTitle": "Supplier",
    "streetAddress": "1000 Microsoft Way",
    "city": "Seattle",
    "postalCode": "12345",
    "state": "Washington",
    "country": "United States",
    "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute1": "custom attribute value",
    "extension_00001111aaaa2222bbbb3333cccc4444_CustomAttribute2": "custom attribute value",
    "ui_locales": "en-US",
}
# The documented request of the token step, which only Azure AD B2C has.
JOHN_AT_TOKEN = {
    "email": JOHN_ADDRESS,
    "identities": [{"signInType": "federated", "issuer": "facebook.com", "issuerAssignedId": "0123456789"}],
    "displayName": "John Smith",
    "objectId": "ab3ec3b2-a435-45e4-b93a-56a005e88bb7",
    "client_id": "231c70e8-8424-48ac-9b5d-5623b9e4ccf3",
    "step": "PreTokenIssuance",
    "ui_locales": "en-US",
}

CONTINUE = {"version": "1.0.0", "action": "Continue"}


def event(name: str, address: str, locale: str) -> Json:
    """The documented request of an event of an external tenant."""
    context = {
        "correlationId": "0c83d76c-b8da-45bb-ac7a-f9bb5e0db340",
        "client": {"ip": "30.51.176.110", "locale": locale, "market": locale},
        "protocol": "OAUTH2.0",
    }
    data = {
        "@odata.type": f"microsoft.graph.on{name[0].upper()}{name[1:]}CalloutData",
        "tenantId": TENANT,
        "authenticationEventListenerId": "00001111-aaaa-2222-bbbb-3333cccc4444",
        "customAuthenticationExtensionId": "11112222-bbbb-3333-cccc-4444dddd5555",
        "authenticationContext": context,
    }
    if name == "tokenIssuanceStart":
        context["user"] = {"id": "90847c2a-e29d-4d2f-9f54-c5b4d3f26471", "mail": address, "userType": "Member"}
    else:
        value = {
            "@odata.type": "microsoft.graph.stringDirectoryAttributeValue",
            "value": address,
            "attributeType": "builtIn",
        }
        identity = {"signInType": "email", "issuer": "contoso.onmicrosoft.com", "issuerAssignedId": address}
        data["userSignUpInfo"] = {"attributes": {"email": value}, "identities": [identity]}
    return {
        "type": f"microsoft.graph.authenticationEvent.{name}",
        "source": f"/tenants/{TENANT}/applications/44444444-0000-0000-0000-000000000000",
        "data": data,
    }


def event_answer(name: str, action: str, **members: Json) -> Json:
    """The documented answer with one action."""
    return {
        "data": {
            "@odata.type": f"microsoft.graph.on{name[0].upper()}{name[1:]}ResponseData",
            "actions": [{"@odata.type": f"microsoft.graph.{name}.{action}", **members}],
        }
    }


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def content_type(self) -> str:
        return str(self.headers.get("Content-Type", ""))

    def json(self) -> Json:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class DeployedApi:
    """The deployed HTTP API: the emulator tells APIs apart by the Host header."""

    running: Emulator
    api_id: str

    def post(self, path: str, body: Json, authorization: str | None) -> Answer:
        return self.request("POST", path, body, authorization)

    def request(self, method: str, path: str, body: Json, authorization: str | None) -> Answer:
        headers = {"Content-Type": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        return self.send(method, path, None if body is None else json.dumps(body), headers)

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        host = {"Host": f"{self.api_id}.execute-api.localhost:{self.running.port}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=30)
        try:
            connection.request(method, path, body, host | headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise RehearsalError(f"{method} {path}: found {error!r}, expected an answer") from error
        finally:
            connection.close()


@dataclass
class Browser:
    """Somebody at the console, with the cookies that it has set."""

    api: DeployedApi
    cookies: dict[str, str] = field(default_factory=dict)

    def open(self, path: str) -> Answer:
        return self._kept(self.api.send("GET", path, None, self._cookie()))

    def submit(self, path: str, form: dict[str, str], origin: str = CONSOLE_URL) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        return self._kept(self.api.send("POST", path, urllib.parse.urlencode(form), headers | self._cookie()))

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def _kept(self, answer: Answer) -> Answer:
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


@dataclass
class Checks:
    """Prints each check as it is made, and counts those that failed."""

    made: int = 0
    failed: list[str] = field(default_factory=list)

    def that(self, what: str, holds: bool, found: Json, expected: str) -> None:
        self.made += 1
        if holds:
            print(f"  ok    {what}")
            return
        self.failed.append(what)
        print(f"  FAIL  {what}: found {found}, expected {expected}")

    def expect(self, what: str, answer: Answer, expected: str, holds: bool) -> None:
        found = f"{answer.status} {answer.content_type} {answer.body.decode(errors='replace')!r}"
        self.that(what, holds, found, expected)

    def json(self, what: str, answer: Answer, status: int, body: Json) -> None:
        is_json = answer.content_type.startswith("application/json")
        holds = answer.status == status and is_json and answer.json() == body
        self.expect(what, answer, f"{status} application/json {json.dumps(body)}", holds)

    def status(self, what: str, answer: Answer, status: int) -> None:
        self.expect(what, answer, str(status), answer.status == status)

    def empty(self, what: str, answer: Answer, status: int) -> None:
        self.expect(what, answer, f"{status} with an empty body", answer.status == status and answer.body == b"")

    def block_page(self, what: str, answer: Answer, sentence: re.Pattern[str]) -> None:
        """A connector's block page."""
        page = answer.json()
        message = page.get("userMessage") if isinstance(page, dict) else None
        expected = {"version": "1.0.0", "action": "ShowBlockPage", "userMessage": message}
        self._page(what, answer, expected, message, sentence)

    def event_block_page(self, what: str, answer: Answer, name: str, title: str, sentence: re.Pattern[str]) -> None:
        """An extension's block page."""
        try:
            message = answer.json()["data"]["actions"][0]["message"]
        except (TypeError, KeyError, IndexError):
            message = None
        expected = event_answer(name, "showBlockPage", title=title, message=message)
        self._page(what, answer, expected, message, sentence)

    def _page(self, what: str, answer: Answer, expected: Json, message: Json, sentence: re.Pattern[str]) -> None:
        holds = (
            answer.status == 200
            and answer.content_type.startswith("application/json")
            and answer.json() == expected
            and sentence.fullmatch(message or "") is not None
        )
        self.expect(what, answer, f"200 application/json {expected}, its message {sentence.pattern!r}", holds)


def catalogue(language: str, message: str, file: str = "messages") -> str:
    """A message as the catalogue has it."""
    path = ROOT / "shared" / "locales" / language / f"{file}.ftl"
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, text = line.partition(" = ")
        if name == message:
            return text
    raise RehearsalError(f"{path}: found no message {message}, expected one")


def sentence(language: str, message: str) -> re.Pattern[str]:
    """A message of the catalogue, with a reference code in its place if it has one."""
    code = "[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}"
    parts = catalogue(language, message).split("{ $reference }")
    return re.compile(code.join(re.escape(part) for part in parts))


@dataclass(frozen=True)
class Accounts:
    """What comes after a sign-up that somebody approves."""

    pipe: LocalPipe
    queues: Any
    # The URLs of the queue before the accounts, and of that before the mails.
    provisioning: str
    notices: str
    graph: LocalGraph
    # Of the function that makes approval requests.
    gate: RoleGate
    items: Any
    table: str
    functions: Any
    # The name of the function.
    maintenance: str


@dataclass(frozen=True)
class Told:
    """Who is told of events."""

    receivers: LocalReceivers
    # The URLs of the queues to which the bus and the topic pass everything on, and of that before the webhooks.
    behind_bus: str
    behind_topic: str
    tasks: str
    # Of the function that tells of events.
    gate: RoleGate
    objects: Any
    # The bucket of the audit.
    bucket: str


def rehearse(
    api: DeployedApi, signupctl: Signupctl, entra: LocalEntra, others: OtherSystems, accounts: Accounts, told: Told
) -> Checks:
    """The order matters: everybody continues until the deny entry is there."""
    checks = Checks()
    prepared_for_events(signupctl, told)
    credential = signupctl.create_credential("rehearsal")
    # Before the first request, so that the functions find it when they start.
    publication = ("--flow", "customers", "--note", "rehearsal of a policy", "--author", "rehearsal")
    signupctl("policy", "publish", str(ROOT / "examples" / "policies" / "customers.toml"), *publication)
    refreshed_list(signupctl)
    code = prepared_for_suppliers(api, signupctl, others)
    prepared_for_guests(api, signupctl)
    prepared_for_approvers(api)
    refusals(checks, api, credential, entra)
    print("  -- without a list entry")
    nobody_is_listed(checks, api, credential, entra)
    print(f"  -- with a deny entry for {JOHN_ADDRESS}")
    signupctl(
        *("list", "add", JOHN_ADDRESS, "--effect", "deny", "--list", "rehearsal"),
        *("--reason", "rehearsal of a deny entry", "--owner", "rehearsal"),
    )
    john_is_denied(checks, api, credential, entra)
    print("  -- with a published policy")
    the_policy_decides(checks, api, credential, entra)
    print("  -- with a one-time code")
    codes_are_mailed(checks, api, entra)
    print("  -- with other systems")
    others_prefill_and_enrich(checks, api, credential, entra, others)
    others_are_asked_once(checks, api, credential, others)
    what_is_typed_is_looked_up(checks, api, credential)
    a_code_is_redeemed_once(checks, api, signupctl, credential, code)
    verifications_leave_evidence(checks, api, signupctl, credential)
    print("  -- with somebody who approves")
    request = a_review_is_a_request(checks, api, signupctl, credential, accounts.gate)
    an_approval_makes_one_account(checks, signupctl, accounts, request)
    print("  -- with the approval console")
    nobody_else_gets_a_page(checks, api)
    an_approver_decides(checks, api, signupctl, credential, entra)
    an_administrator_changes_lists(checks, api, credential, entra)
    print("  -- when time has passed")
    time_passes(checks, api, signupctl, credential, accounts, request)
    print("  -- with mails about requests")
    those_concerned_are_told(checks, api, accounts)
    an_applicant_is_forgotten(checks, api)
    print("  -- with systems that are told of events")
    kept = kept_behind_poison(checks, api, signupctl, credential, accounts)
    everybody_is_told(checks, accounts, told, kept)
    what_nobody_can_read_is_put_aside(checks, accounts)
    messages_say_who_where_it_is_asked_for(checks, told, kept, request)
    whoever_is_gone_is_told_nothing(checks, signupctl, accounts, told, kept)
    what_fails_is_told_later(checks, signupctl, accounts, told, kept)
    print("  -- with the audit")
    the_audit_shows_a_change(checks, signupctl, told, kept)
    return checks


# A domain that only the refreshed list has.
NEWLY_DISPOSABLE = "throw-away.example"


def refreshed_list(signupctl: Signupctl) -> None:
    """Publishes the built-in list of disposable domains with one more."""
    built_in = ROOT / "shared" / "data" / "disposable-domains.txt"
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(f"{built_in.read_text(encoding='utf-8')}{NEWLY_DISPOSABLE}\n")
        file.flush()
        signupctl("disposable", "refresh", "--from", file.name)


CONNECTORS = {"after-federation": JOHN, "before-creating-user": JOHN, "before-token": JOHN_AT_TOKEN}
EVENTS = {
    "attribute-collection-start": "attributeCollectionStart",
    "attribute-collection-submit": "attributeCollectionSubmit",
    "token-issuance-start": "tokenIssuanceStart",
}


def refusals(checks: Checks, api: DeployedApi, credential: str, entra: LocalEntra) -> None:
    wrong = basic("rehearsal", "wrong")
    for step, body in CONNECTORS.items():
        path = f"/connectors/{step}"
        checks.empty(f"{path}: a wrong credential", api.post(path, body, wrong), 401)
        checks.empty(f"{path}: no credential", api.post(path, body, None), 401)
        checks.empty(f"{path}: Entra's token", api.post(path, body, entra.token()), 401)
        checks.status(f"{path}: GET", api.request("GET", path, None, credential), 405)
    for segment, name in EVENTS.items():
        body = event(name, JOHN_ADDRESS, "en-us")
        for path in (f"/extensions/{segment}", f"/extensions/partners/{segment}"):
            checks.empty(f"{path}: a connector's credential", api.post(path, body, credential), 401)
        other_audience = entra.token(audience="11112222-bbbb-3333-cccc-4444dddd5555")
        checks.empty(f"/extensions/{segment}: a token for another", api.post(path, body, other_audience), 401)
    for path in ("/connectors/after-lunch", "/connectors/after-federation/more", "/"):
        checks.status(f"{path}: unknown path", api.post(path, JOHN, credential), 404)


def nobody_is_listed(checks: Checks, api: DeployedApi, credential: str, entra: LocalEntra) -> None:
    for step, body in CONNECTORS.items():
        path = f"/connectors/{step}"
        checks.json(f"{path}: the documented request", api.post(path, body, credential), 200, CONTINUE)
    for segment, name in EVENTS.items():
        path = f"/extensions/{segment}"
        answer = api.post(path, event(name, JOHN_ADDRESS, "en-us"), entra.token())
        checks.json(f"{path}: the documented event", answer, 200, goes_on(name))
    checks.json(
        "/connectors/partners/before-token: no list applies",
        api.post("/connectors/partners/before-token", JOHN_AT_TOKEN, credential),
        200,
        CONTINUE,
    )


def john_is_denied(checks: Checks, api: DeployedApi, credential: str, entra: LocalEntra) -> None:
    jane = JOHN | {"email": "jane@fabrikam.com", "identities": []}
    for step in ("after-federation", "before-creating-user"):
        path = f"/connectors/{step}"
        checks.block_page(f"{path}: denied", api.post(path, JOHN, credential), sentence("en", "block-denied"))
        answer = api.post(path, JOHN | {"ui_locales": "sv-SE"}, credential)
        checks.block_page(f"{path}: denied, sv-SE", answer, sentence("sv", "block-denied"))
        checks.json(f"{path}: somebody else", api.post(path, jane, credential), 200, CONTINUE)
        path = f"/connectors/partners/{step}"
        answer = api.post(path, jane | {"ui_locales": "sv-SE"}, credential)
        checks.block_page(f"{path}: denied by default, sv-SE", answer, sentence("sv", "block-not-allowed"))
    for segment in ("attribute-collection-start", "attribute-collection-submit"):
        name, path, title = EVENTS[segment], f"/extensions/{segment}", catalogue("sv", "title-blocked")
        answer = api.post(path, event(name, JOHN_ADDRESS, "sv-se"), entra.token())
        checks.event_block_page(f"{path}: denied, sv-se", answer, name, title, sentence("sv", "block-denied"))
        answer = api.post(path, event(name, "jane@fabrikam.com", "en-us"), entra.token())
        checks.json(f"{path}: somebody else", answer, 200, goes_on(name))
        path = f"/extensions/partners/{segment}"
        answer = api.post(path, event(name, "jane@fabrikam.com", "sv-se"), entra.token())
        not_allowed = sentence("sv", "block-not-allowed")
        checks.event_block_page(f"{path}: denied by default, sv-se", answer, name, title, not_allowed)
    path = "/connectors/before-token"
    checks.json(f"{path}: no list applies", api.post(path, JOHN_AT_TOKEN, credential), 200, CONTINUE)


def the_policy_decides(checks: Checks, api: DeployedApi, credential: str, entra: LocalEntra) -> None:
    """The user flow that has examples/policies/customers.toml: what is overwritten, and what is to be corrected."""
    jane = JOHN | {"email": "jane@fabrikam.com", "identities": [], "givenName": "  jane ", "surname": "o'neill"}
    path = "/connectors/customers/before-creating-user"
    changed = {
        "givenName": "Jane",
        "surname": "O'Neill",
        "displayName": "Jane O'Neill",
        "country": "US",
        "extension_Newsletter": False,
    }
    checks.json(f"{path}: overwritten values", api.post(path, jane, credential), 200, CONTINUE | changed)
    answer = api.post(path, jane | {"postalCode": "1234A"}, credential)
    said = answer.json() or {}
    expected = "400 with a validation error"
    holds = answer.status == 400 and said.get("action") == "ValidationError" and bool(said.get("userMessage"))
    checks.expect(f"{path}: a wrong postal code", answer, expected, holds)
    for segment in ("attribute-collection-start", "attribute-collection-submit"):
        name, path = EVENTS[segment], f"/extensions/customers/{segment}"
        answer = api.post(path, event(name, f"jane@{NEWLY_DISPOSABLE}", "en-us"), entra.token())
        title, disposable = catalogue("en", "title-blocked"), sentence("en", "disposable-address")
        checks.event_block_page(f"{path}: a throw-away address", answer, name, title, disposable)
    path = "/connectors/customers/before-token"
    checks.json(f"{path}: nobody is kept out", api.post(path, JOHN_AT_TOKEN, credential), 200, CONTINUE)


# Of a domain that the directory knows.
ANN = JOHN | {"email": "ann@fabrikam.com", "identities": []}
EXTENSIONS_APP = "00001111aaaa2222bbbb3333cccc4444"
SUPPLIER_NUMBER = f"extension_{EXTENSIONS_APP}_SupplierNumber"
INVITATION = f"extension_{EXTENSIONS_APP}_Invitation"
CLAIMS = {"jobTitle": "Buyer", "companyName": "Fabrikam"}


def prepared_for_suppliers(api: DeployedApi, signupctl: Signupctl, others: OtherSystems) -> str:
    """Everything that the policy of the user flow `suppliers` asks; returns an invitation code for one person."""
    secret = f"{SECRETS_PREFIX}/crm"
    api.running.client("secretsmanager").create_secret(Name=secret, SecretString=API_KEY)
    with tempfile.TemporaryDirectory() as directory:
        policy, claims = Path(directory, "suppliers.toml"), Path(directory, "claims.csv")
        policy.write_text(others.policy, encoding="utf-8")
        claims.write_text("subject,title,roles:list\nfabrikam.com,Buyer,buyer;approver\n", encoding="utf-8")
        publication = ("--flow", "suppliers", "--note", "rehearsal of other systems", "--author", "rehearsal")
        signupctl("policy", "publish", str(policy), *publication)
        signupctl("claims", "import", str(claims))
    signupctl("values", "add", "suppliers", "SE-1042")
    return signupctl("code", "create", "--uses", "1").strip()


def others_prefill_and_enrich(
    checks: Checks, api: DeployedApi, credential: str, entra: LocalEntra, others: OtherSystems
) -> None:
    """Claims of the directory and of an API at each step; the API is asked once for all of them."""
    path = "/connectors/suppliers/after-federation"
    checks.json(f"{path}: prefilled", api.post(path, ANN, credential), 200, CONTINUE | CLAIMS)
    segment = "attribute-collection-start"
    name, path = EVENTS[segment], f"/extensions/suppliers/{segment}"
    answer = api.post(path, event(name, ANN["email"], "en-us"), entra.token())
    checks.json(f"{path}: prefilled", answer, 200, event_answer(name, "setPrefillValues", inputs=CLAIMS))
    path = "/connectors/suppliers/before-creating-user"
    checks.json(f"{path}: overwritten", api.post(path, ANN, credential), 200, CONTINUE | CLAIMS)
    path, at_token = "/connectors/suppliers/before-token", JOHN_AT_TOKEN | {"email": ANN["email"], "identities": []}
    in_token = CONTINUE | CLAIMS | {"roles": "buyer approver"}
    checks.json(f"{path}: in the token", api.post(path, at_token, credential), 200, in_token)
    segment = "token-issuance-start"
    name, path = EVENTS[segment], f"/extensions/suppliers/{segment}"
    answer = api.post(path, event(name, ANN["email"], "en-us"), entra.token())
    in_token = CLAIMS | {"roles": ["buyer", "approver"]}
    checks.json(f"{path}: in the token", answer, 200, event_answer(name, "provideClaimsForToken", claims=in_token))
    asked = others.times_asked(f"/people/{ANN['email']}")
    checks.that("five requests, one question", asked == 1, others.asked, "one question about the person")


def others_are_asked_once(checks: Checks, api: DeployedApi, credential: str, others: OtherSystems) -> None:
    """Each function keeps what it was told, and counts who did not answer."""
    for step, body in CONNECTORS.items():
        path, person = f"/connectors/suppliers/{step}", f"{step}@fabrikam.com"
        of_person = body | {"email": person, "identities": []}
        for _ in range(2):
            answer = api.post(path, of_person, credential)
            said = answer.json() or {}
            checks.expect(f"{path}: {person}", answer, str(CLAIMS), said == said | CLAIMS)
        asked = others.times_asked(f"/people/{person}")
        checks.that(f"{path}: the answer is kept", asked == 1, asked, "one question")
        person = f"{step}@{OUTAGE}"
        answer = api.post(path, body | {"email": person, "identities": []}, credential)
        checks.json(f"{path}: without whoever is down", answer, 200, CONTINUE)
        asked = others.times_asked(f"/people/{person}")
        checks.that(f"{path}: whoever is down was asked", asked > 0, asked, "a question")


def what_is_typed_is_looked_up(checks: Checks, api: DeployedApi, credential: str) -> None:
    path = "/connectors/suppliers/before-creating-user"
    answer = api.post(path, ANN | {SUPPLIER_NUMBER: "SE-1042"}, credential)
    checks.json(f"{path}: a known supplier number", answer, 200, CONTINUE | CLAIMS)
    answer = api.post(path, ANN | {SUPPLIER_NUMBER: "SE-9999"}, credential)
    to_correct(checks, f"{path}: an unknown supplier number", answer, "invalid-unknown-value")


def a_code_is_redeemed_once(
    checks: Checks, api: DeployedApi, signupctl: Signupctl, credential: str, code: str
) -> None:
    path = "/connectors/suppliers/before-creating-user"
    with_code = CONTINUE | CLAIMS | {INVITATION: ""}
    for what in ("an invitation code", "the same person again"):
        checks.json(f"{path}: {what}", api.post(path, ANN | {INVITATION: code}, credential), 200, with_code)
    somebody_else = ANN | {"email": "bo@fabrikam.com", INVITATION: code}
    to_correct(checks, f"{path}: somebody else", api.post(path, somebody_else, credential), "invalid-code-used-up")
    unknown = ANN | {INVITATION: "0000-0000-0000-0000"}
    to_correct(checks, f"{path}: an unknown code", api.post(path, unknown, credential), "invalid-code")
    shown = json.loads(signupctl("code", "show", code, "--json"))
    checks.that("the code was used once", shown["used"] == 1, shown, "1")


def to_correct(checks: Checks, what: str, answer: Answer, message: str) -> None:
    said, sentence = answer.json() or {}, catalogue("en", message)
    holds = answer.status == 400 and said.get("action") == "ValidationError" and sentence in said.get("userMessage", "")
    checks.expect(what, answer, f"400 with {sentence!r}", holds)


def verifications_leave_evidence(checks: Checks, api: DeployedApi, signupctl: Signupctl, credential: str) -> None:
    path = "/connectors/suppliers/before-creating-user"
    evidence = [json.loads(line) for line in signupctl("evidence", ANN["email"], "--json").splitlines()]
    found = [(one["verification"], one["provider"], one["outcome"], one["reference"]) for one in evidence]
    expected = [("identity", "http", "verified", REFERENCE)]
    checks.that("one verification, with evidence", found == expected, found, str(expected))
    unchecked = ANN | {"email": "cy@fabrikam.com", "surname": UNCHECKED}
    answer = api.post(path, unchecked, credential)
    checks.block_page(f"{path}: not verified during an outage", answer, sentence("en", "block-pending"))
    kept = signupctl("evidence", "cy@fabrikam.com", "--json")
    checks.that("an outage is no evidence", kept == "", kept, "nothing")


GROUP = "44445555-eeee-6666-ffff-7777aaaa8888"
APP_ROLE = "55556666-ffff-7777-aaaa-8888bbbb9999"
NOTIFIED = "approvers@contoso.example"
GUESTS = f"""
default = "review"

[approval]
notify = ["{NOTIFIED}"]
remind-after-days = 1
groups = ["{GROUP}"]

[[approval.app-role]]
application = "66667777-aaaa-8888-bbbb-9999cccc0000"
role = "{APP_ROLE}"
"""
EVE_IDENTITY = {"signInType": "federated", "issuer": "google.com", "issuerAssignedId": "9876543210"}
EVE = {
    "email": "eve@guests.example",
    "identities": [EVE_IDENTITY],
    "displayName": "Eve Ericson",
    "city": "Lund",
    "ui_locales": "en-US",
}


def prepared_for_guests(api: DeployedApi, signupctl: Signupctl) -> None:
    """The policy of the user flow `guests`, in which everybody is reviewed, and the credential for Graph."""
    secret = f"{SECRETS_PREFIX}/{GRAPH_SECRET}"
    api.running.client("secretsmanager").create_secret(Name=secret, SecretString=json.dumps(CLIENT))
    with tempfile.TemporaryDirectory() as directory:
        policy = Path(directory, "guests.toml")
        policy.write_text(GUESTS, encoding="utf-8")
        publication = ("--flow", "guests", "--note", "rehearsal of approvals", "--author", "rehearsal")
        signupctl("policy", "publish", str(policy), *publication)


def a_review_is_a_request(
    checks: Checks, api: DeployedApi, signupctl: Signupctl, credential: str, gate: RoleGate
) -> str:
    """A request is made, corrected, and approved while it is being corrected again; returns its id."""
    path = "/connectors/guests/before-creating-user"
    pending, corrected = sentence("en", "block-pending"), EVE | {"city": "Ystad"}
    for what, body in (("a request is made", EVE), ("the retry of it", EVE), ("a correction", corrected)):
        checks.block_page(f"{path}: {what}", api.post(path, body, credential), pending)
    [request] = requests_in(signupctl, "pending")
    checks.that("the correction is a new version", request["version"] == 2, request, "version 2")
    already = api.post("/connectors/guests/after-federation", EVE, credential)
    checks.block_page("/connectors/guests/after-federation: waits", already, sentence("en", "block-already-pending"))
    approval = ("request", "approve", request["id"], "--author", "rehearsal")
    gate.before_next_transaction(lambda: signupctl(*approval))
    answer = api.post(path, EVE | {"city": "Malmö"}, credential)
    checks.block_page(f"{path}: a correction that comes too late", answer, sentence("en", "block-being-created"))
    return str(request["id"])


def requests_in(signupctl: Signupctl, state: str) -> list[Json]:
    """The requests of the user flow `guests` in a state."""
    printed = signupctl("request", "list", "--state", state, "--flow", "guests", "--json")
    return [json.loads(line) for line in printed.splitlines()]


def an_approval_makes_one_account(checks: Checks, signupctl: Signupctl, accounts: Accounts, request: str) -> None:
    message = {"dynamodb": {"Keys": {"pk": {"S": f"REQUEST#{request}"}, "sk": {"S": "CURRENT"}}}}
    for what in ("the stream has one approval", "the same message again"):
        sent = accounts.pipe.run("CURRENT")
        checks.that(what, sent == [message], sent, json.dumps([message]))
        left = wait_until_taken(accounts, accounts.provisioning)
        checks.that(f"{what}: it was taken", left == 0, left, "an empty queue")
    provisioned = [one["id"] for one in requests_in(signupctl, "provisioned")]
    checks.that("the request is provisioned", provisioned == [request], provisioned, request)
    shown = json.loads(signupctl("request", "show", request, "--json"))
    graph = accounts.graph
    made = list(graph.accounts)
    checks.that("there is one account, the request's", made == [shown["account"]], made, str(shown["account"]))
    body = next(iter(graph.accounts.values()), {})
    expected = {
        "displayName": "Eve Ericson",
        "city": "Ystad",
        "mail": EVE["email"],
        "userPrincipalName": "eve_guests.example#EXT#@contoso.onmicrosoft.com",
        "userType": "Guest",
        "identities": [EVE_IDENTITY],
    }
    checks.that("it is what was approved", body == body | expected, body, json.dumps(expected))
    given = [graph.groups, graph.app_roles]
    expected_given = [{account: [GROUP] for account in made}, {account: [APP_ROLE] for account in made}]
    checks.that("it has what the policy grants", given == expected_given, given, json.dumps(expected_given))


def time_passes(
    checks: Checks, api: DeployedApi, signupctl: Signupctl, credential: str, accounts: Accounts, provisioned: str
) -> None:
    """One request expires, one is reminded of, one that got stuck is brought again, the account of one is gone, and one guest
    came of no approval."""
    requests: dict[str, str] = {}
    for name in ("overdue", "waiting", "stuck"):
        identity = EVE_IDENTITY | {"issuerAssignedId": name}
        body = EVE | {"email": f"{name}@guests.example", "identities": [identity]}
        api.post("/connectors/guests/before-creating-user", body, credential)
        [requests[name]] = {one["id"] for one in requests_in(signupctl, "pending")} - set(requests.values())
    signupctl("request", "approve", requests["stuck"], "--author", "rehearsal")
    accounts.graph.accounts.clear()
    by_hand = str(uuid.uuid4())
    accounts.graph.guests = [guest(by_hand, "by-hand@guests.example"), guest(str(uuid.uuid4()), "stuck@guests.example")]
    ages = (("pending", "overdue", 31), ("pending", "waiting", 2), ("approved", "stuck", 1))
    for state, name, days in ages:
        age(accounts, state, requests[name], days)
    age(accounts, "provisioned", provisioned, 1)
    answer = accounts.functions.invoke(FunctionName=accounts.maintenance, Payload=b"{}")
    said = answer["Payload"].read().decode()
    checks.that("a run is done", "FunctionError" not in answer, said, "no error")
    expired = [one["id"] for one in requests_in(signupctl, "expired")]
    checks.that("a request expires", expired == [requests["overdue"]], expired, requests["overdue"])
    marks = [marks_of(accounts, one) for one in (requests["waiting"], provisioned)]
    expected = [["NOTICE#reminder#00002"], ["FINDING#account-missing"]]
    checks.that("what is due is noted", marks == expected, marks, json.dumps(expected))
    found = findings(accounts)
    expected_guests = [f"FINDING#account-unapproved#{by_hand}"]
    checks.that("a guest without an approval is found", found == expected_guests, found, json.dumps(expected_guests))
    sent = [message["dynamodb"]["Keys"]["pk"]["S"] for message in accounts.pipe.run("CURRENT")]
    times = sent.count(f"REQUEST#{requests['stuck']}")
    checks.that("what got stuck comes again", times == 2, sent, "two messages for it")
    wait_until_taken(accounts, accounts.provisioning)


def guest(account: str, address: str) -> Json:
    """A guest as Graph shows it, two hours old."""
    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=2)
    shown = {"createdDateTime": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "identities": [], "userType": "Guest"}
    return shown | {"id": account, "mail": address}


DAY_MS = 24 * 60 * 60 * 1000


def age(accounts: Accounts, state: str, request: str, days: int) -> None:
    """Makes a request in the queue of its state look so many days older."""
    key = {"pk": {"S": f"QUEUE#{state}"}, "sk": {"S": request}}
    item = accounts.items.get_item(TableName=accounts.table, Key=key, ConsistentRead=True)["Item"]
    for name in ("created_at", "changed_at", "expires_at"):
        item[name] = {"N": str(int(item[name]["N"]) - days * DAY_MS)}
    accounts.items.put_item(TableName=accounts.table, Item=item)


def marks_of(accounts: Accounts, request: str) -> list[str]:
    """What is noted beside a request."""
    return [key for key in keys_in(accounts, f"REQUEST#{request}") if key.startswith(("NOTICE#", "FINDING#"))]


def findings(accounts: Accounts) -> list[str]:
    """What is noted beside no request."""
    return [key for key in keys_in(accounts, "MAINTENANCE") if key.startswith("FINDING#")]


def keys_in(accounts: Accounts, partition: str) -> list[str]:
    return [item["sk"]["S"] for item in query(accounts, partition)]


def query(accounts: Accounts, partition: str) -> list[Json]:
    found = accounts.items.query(
        TableName=accounts.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
    )
    return list(found["Items"])


def wait_until_taken(accounts: Accounts, queue: str, seconds: float = 30) -> int:
    """How many messages are left in the queue when there are none, or when waiting for that takes too long."""
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    end = time.monotonic() + seconds
    while True:
        attributes = accounts.queues.get_queue_attributes(QueueUrl=queue, AttributeNames=list(counts))["Attributes"]
        left = sum(int(attributes[count]) for count in counts)
        if left == 0 or time.monotonic() > end:
            return left
        time.sleep(0.2)


def prepared_for_approvers(api: DeployedApi) -> None:
    """The credential of the application in which they sign in, and the keys of the console's cookies and of links."""
    secrets = api.running.client("secretsmanager")
    cookie_key, link_key = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    for name, secret in ((CONSOLE_SECRET, CONSOLE | {"cookie_key": cookie_key}), (LINK_SECRET, {"key": link_key})):
        secrets.create_secret(Name=f"{SECRETS_PREFIX}/{name}", SecretString=json.dumps(secret))


def nobody_else_gets_a_page(checks: Checks, api: DeployedApi) -> None:
    stranger = Browser(api)
    answer = stranger.open("/console")
    leads_on = answer.status == 303 and answer.headers["Location"] == "/console/sign-in?to=%2Fconsole"
    checks.expect("/console: nobody is signed in", answer, "303 to the sign-in", leads_on)
    for path, status in (("/console/nothing", 404), ("/console/signed-in?code=a&state=b", 400), ("/application/a", 404)):
        answer = stranger.open(path)
        holds = answer.status == status and b"<h1>" in answer.body and "form-action 'self'" in policy_of(answer)
        checks.expect(f"{path}: a page instead", answer, f"{status} with a page and its policy", holds)
    answer = stranger.submit("/console/sign-out", {"token": "a"}, origin="https://elsewhere.example")
    checks.status("/console/sign-out: a form of another site", answer, 403)


def policy_of(answer: Answer) -> str:
    return str(answer.headers.get("Content-Security-Policy", ""))


FAY = {"email": "fay@guests.example", "identities": [], "displayName": "Fay <b>Ericson</b>", "ui_locales": "en-US"}


def an_approver_decides(
    checks: Checks, api: DeployedApi, signupctl: Signupctl, credential: str, entra: LocalEntra
) -> None:
    api.post("/connectors/guests/before-creating-user", FAY, credential)
    [request] = requests_in(signupctl, "pending")
    page, browser = f"/console/requests/{request['id']}", Browser(api)
    asked = browser.open(f"/console/sign-in?to=/console/requests/{request['id']}").headers["Location"]
    at_entra = asked.startswith(f"{entra.authority}/oauth2/v2.0/authorize?")
    checks.that("the sign-in is at the tenant", at_entra, asked, entra.authority)
    answer = browser.open(f"/console/signed-in?{entra.sign_in(asked, APPROVER)}")
    leads_on = answer.status == 303 and answer.headers["Location"] == page
    checks.expect("the sign-in leads to what was asked for", answer, f"303 to {page}", leads_on)
    shows(checks, "/console: the queue", browser.open("/console"), FAY["email"])
    shown = shows(checks, f"{page}: the request", browser.open(page), "Fay &#60;b&#62;Ericson&#60;/b&#62;")
    form = hidden(shown) | {"action": "deny", "reason": "rehearsal"}
    checks.status(f"{page}: without the form's token", browser.submit(page, form | {"token": "a"}), 403)
    answer = browser.submit(page, form)
    checks.expect(f"{page}: a decision", answer, "303 to the request", answer.status == 303)
    [denied] = requests_in(signupctl, "denied")
    checks.that("the request is denied", denied["id"] == request["id"], denied, request["id"])
    signed = f"{APPROVER['preferred_username']} ({APPROVER['oid']}) denied it: rehearsal"
    shows(checks, f"{page}: who decided", browser.open(page), signed)
    recorded = shows(checks, "/console/audit: who decided", browser.open("/console/audit"), APPROVER["oid"])
    named = [text for text in (FAY["email"], "Ericson") if text in recorded]
    checks.that("/console/audit: names no applicant", not named, named, "no name")


GUS = {"email": "gus@guests.example", "identities": [], "displayName": "Gus Ericson", "ui_locales": "en-US"}


def an_administrator_changes_lists(checks: Checks, api: DeployedApi, credential: str, entra: LocalEntra) -> None:
    """An entry is added and removed, each after a preview."""
    page, browser = "/console/lists", Browser(api)
    asked = browser.open("/console/sign-in").headers["Location"]
    browser.open(f"/console/signed-in?{entra.sign_in(asked, ADMINISTRATOR)}")
    listed = shows(checks, f"{page}: entries", browser.open(page), JOHN_ADDRESS)
    token, matcher = hidden(listed)["token"], {"matcher": GUS["email"]}
    for action, would, after in (("put", "added", "block page"), ("remove", "removed", "no block page")):
        wish = matcher | {"token": token, "action": action, "effect": "deny"}
        preview = browser.submit(f"{page}/preview", wish)
        shown = shows(checks, f"{page}: {action}, a preview", preview, f"This entry would be {would}")
        done = browser.submit(f"{page}/confirmed", hidden(shown))
        shows(checks, f"{page}: {action}, confirmed", done, would.capitalize())
        again = browser.submit(f"{page}/confirmed", hidden(shown))
        checks.status(f"{page}: {action}, confirmed twice", again, 409)
        answer = api.post("/connectors/after-federation", GUS, credential)
        is_denied = answer.json().get("action") == "ShowBlockPage"
        checks.expect(f"{page}: {action}, the next sign-up", answer, after, is_denied == (action == "put"))


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the forms on a page, those of the last one where names repeat."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def shows(checks: Checks, what: str, answer: Answer, text: str) -> str:
    """The page, which has the text."""
    page = answer.body.decode()
    checks.expect(what, answer, f"200 with {text!r}", answer.status == 200 and text in page)
    return page


def those_concerned_are_told(checks: Checks, api: DeployedApi, accounts: Accounts) -> None:
    """Everything that happened is told once, as far as it still holds."""
    mails: list[Json] = []
    for what in ("what happened", "the same messages again"):
        checks.that(f"{what}: the stream has it", bool(accounts.pipe.run()), "nothing", "messages")
        left = wait_until_taken(accounts, accounts.notices, seconds=120)
        checks.that(f"{what}: it was taken", left == 0, left, "an empty queue")
        mails = mails_to(api, FAY["email"])
        subjects = [mail["Subject"] for mail in mails]
        expected = [notice("denied-subject")]
        checks.that(f"{what}: the applicant has one mail", subjects == expected, subjects, json.dumps(expected))
    for_approvers = mails_to(api, NOTIFIED)
    told = {mail["Subject"] for mail in for_approvers}
    checks.that("approvers have mails", told == {notice("approvers-subject")}, sorted(told), "one subject")
    names = [mail for mail in for_approvers if "@guests.example" in mail["BodyText"] + mail["BodyHtml"]]
    checks.that("which name no applicant", not names, names, "no address")


def notice(message: str) -> str:
    return catalogue("en", f"notice-{message}", "notices")


def an_applicant_is_forgotten(checks: Checks, api: DeployedApi) -> None:
    """By the link in the mail, which leads nowhere afterwards."""
    [mail] = mails_to(api, FAY["email"])
    [link] = set(re.findall(rf"{re.escape(CONSOLE_URL)}(/application/\S+)", mail["BodyText"]))
    applicant = Browser(api)
    checks.status("/application: the link in the mail", applicant.open(link), 200)
    checks.status("/application: the last signed character changed", applicant.open(f"{link[:-8]}AAAAAAAA"), 404)
    erased = applicant.submit(f"{link}/erase", {})
    checks.expect("/application: erased", erased, "200 or 303", erased.status in (200, 303))
    checks.status("/application: the link afterwards", applicant.open(link), 404)


CODE = "12345678"
OTP_SENT = {
    "data": {
        "@odata.type": "microsoft.graph.OnOtpSendResponseData",
        "actions": [{"@odata.type": "microsoft.graph.OtpSend.continueWithDefaultBehavior"}],
    }
}


def otp_event(address: str, code: str, locale: str) -> Json:
    """The documented request to mail a code."""
    body = event("emailOtpSend", address, locale)
    data = body["data"]
    data["@odata.type"] = "microsoft.graph.onOtpSendCalloutData"
    del data["userSignUpInfo"]
    data["otpContext"] = {"identifier": address, "oneTimeCode": code}
    data["authenticationContext"]["requestType"] = "signUp"
    return body


def codes_are_mailed(checks: Checks, api: DeployedApi, entra: LocalEntra) -> None:
    """One mail for a request and its retry, another for a new code, in the user flow with a policy too."""
    api.running.client("sesv2").create_email_identity(EmailIdentity=MAIL_ADDRESS)
    path, body = "/extensions/otp-send", otp_event(JOHN_ADDRESS, CODE, "sv-se")
    checks.empty("a code without a token", api.post(path, body, None), 401)
    for what in ("a code is mailed", "the retry of its request"):
        checks.json(what, api.post(path, body, entra.token()), 200, OTP_SENT)
    mails = mails_to(api, JOHN_ADDRESS)
    subjects = [mail["Subject"] for mail in mails if f"<{MAIL_ADDRESS}>" in mail["Source"]]
    checks.that("one mail, in Swedish", subjects == [catalogue("sv", "mail-subject")], mails, "one mail")
    both = all(CODE in mail[part] for mail in mails for part in ("BodyText", "BodyHtml"))
    checks.that("the code is in both parts", both, mails, CODE)
    other = otp_event(JOHN_ADDRESS, "87654321", "sv-se")
    checks.json("a new code", api.post("/extensions/customers/otp-send", other, entra.token()), 200, OTP_SENT)
    count = len(mails_to(api, JOHN_ADDRESS))
    checks.that("a new code is another mail", count == 2, count, "2 mails")
    wrong = event("tokenIssuanceStart", JOHN_ADDRESS, "sv-se")
    checks.empty("another event", api.post(path, wrong, entra.token()), 400)


def mails_to(api: DeployedApi, address: str) -> list[Json]:
    """What the emulator's Amazon SES has taken."""
    answer = api.request("GET", "/_ministack/ses/messages", None, None)
    by_account = answer.json()["messages"].values()
    return [mail for mails in by_account for mail in mails if address in mail["To"]]


SIGN_UPS = "sign_up."


def queues_behind(running: Emulator, bus: str, topic: str) -> tuple[str, str]:
    """Two queues: one that has every event of the bus, and one that has the topic's of sign-ups."""
    queues, buses = running.client("sqs"), running.client("events")
    behind_bus, behind_topic = (queues.create_queue(QueueName=name)["QueueUrl"] for name in ("bus", "topic"))
    pattern = {"source": ["signup-connectors"]}
    buses.put_rule(Name="everything", EventBusName=bus, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn_of_queue(queues, behind_bus)}
    buses.put_targets(Rule="everything", EventBusName=bus, Targets=[target])
    running.client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn_of_queue(queues, behind_topic),
        Attributes={"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"type": [{"prefix": SIGN_UPS}]})},
    )
    return behind_bus, behind_topic


def arn_of_queue(queues: Any, url: str) -> str:
    return str(queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def prepared_for_events(signupctl: Signupctl, told: Told) -> None:
    """Endpoints before anything happens: the function reads who they are at most every 30 seconds."""
    crm, partner, ledger = (told.receivers[name] for name in RECEIVERS)
    signupctl.add_endpoint(crm, "--type", "*", "--field", "email", "--field", "matcher")
    signupctl.add_endpoint(partner, "--type", "list_entry.*")
    signupctl.add_endpoint(ledger, "--type", "account.provisioned")
    partner.answers, ledger.answers = [410], [503]
    told.gate.before_next_object()


RECEIVERS = ("crm", "partner", "ledger")
HAL = {"email": "hal@fabrikam.com", "identities": [], "ui_locales": "en-US"}
# Of an hour that nobody lists.
POISON = {"pk": {"S": "EVENTS#2000010100"}, "sk": {"S": "rehearsal"}, "event": {"N": "1"}}
# Below this key is what of the stream could not be read.
DEAD_RECORDS = "DEAD#stream"


def kept_behind_poison(
    checks: Checks, api: DeployedApi, signupctl: Signupctl, credential: str, accounts: Accounts
) -> dict[str, Json]:
    """Every event that is kept by its id, the last of them behind an item that nobody can read."""
    blocked = ("event", "list", "--type", "sign_up.blocked")
    before, path = len(signupctl.lines(*blocked)), "/connectors/partners/after-federation"
    accounts.items.put_item(TableName=accounts.table, Item=POISON)
    checks.block_page(f"{path}: a sign-up", api.post(path, HAL, credential), sentence("en", "block-not-allowed"))
    # An answer does not wait long for its record.
    wait_until(lambda: len(signupctl.lines(*blocked)) > before)
    return {event["id"]: event for event in signupctl.lines("event", "list")}


def everybody_is_told(checks: Checks, accounts: Accounts, told: Told, kept: dict[str, Json]) -> None:
    """The endpoint and the bus of everything, the topic's subscription of sign-ups; each as it is kept."""
    crm = told.receivers["crm"]
    behind_bus = Behind(accounts.queues, told.behind_bus, of_bus)
    behind_topic = Behind(accounts.queues, told.behind_topic, json.loads)
    of_sign_ups = {event: text for event, text in kept.items() if text["type"].startswith(SIGN_UPS)}
    for who, expected, have in (
        ("the endpoint", kept, lambda: {event["id"]: without_person(event) for event in crm.told}),
        ("the bus", kept, behind_bus),
        ("the topic", of_sign_ups, behind_topic),
    ):
        wait_until(lambda expected=expected, have=have: expected.keys() <= have().keys())
        found = have()
        missing = [text for event, text in expected.items() if found.get(event) != text]
        what = f"{who} is told of {len(expected)} events, as they are kept"
        checks.that(what, bool(expected) and not missing, missing, "each of them")
    others = [event for event in behind_topic().values() if not event["type"].startswith(SIGN_UPS)]
    checks.that("a subscription has what it chose", not others, others, "sign-ups alone")
    refused = [told.receivers[name].refused for name in RECEIVERS]
    checks.that("every message is signed", refused == [[], [], []], refused, "signatures of each endpoint's key")


def what_nobody_can_read_is_put_aside(checks: Checks, accounts: Accounts) -> None:
    letters = query(accounts, DEAD_RECORDS)
    items = [[part["S"] for part in letter["item"]["L"]] for letter in letters]
    expected = [[POISON["pk"]["S"], POISON["sk"]["S"]]]
    checks.that("what nobody can read is put aside", items == expected, letters, json.dumps(expected))


@dataclass
class Behind:
    """Events in a queue, by their ids, each as somebody reads it. They stay there."""

    queues: Any
    url: str
    read: Callable[[str], Json]
    had: dict[str, Json] = field(default_factory=dict)

    def __call__(self) -> dict[str, Json]:
        wanted = {"QueueUrl": self.url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600}
        while messages := self.queues.receive_message(**wanted).get("Messages"):
            events = (self.read(message["Body"]) for message in messages)
            self.had |= {event["id"]: event for event in events}
        return self.had


def of_bus(message: str) -> Json:
    """The event in what the bus passes on, which names its type and where it is from by itself."""
    passed_on = json.loads(message)
    event = passed_on["detail"]
    is_named = (passed_on["source"], passed_on["detail-type"]) == ("signup-connectors", event["type"])
    return event if is_named else event | {"type": None}


def without_person(event: Json) -> Json:
    return {name: value for name, value in event.items() if name != "personal"}


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether something holds before waiting for it takes too long."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def messages_say_who_where_it_is_asked_for(checks: Checks, told: Told, kept: dict[str, Json], request: str) -> None:
    """Of a sign-up what is kept beside it, of an entry its matcher, of a request what the applicant typed."""
    messages = told.receivers["crm"].told
    for kind, personal in (
        ("sign_up.blocked", {"email": HAL["email"]}),
        ("list_entry.removed", {"matcher": GUS["email"]}),
    ):
        found = {event["type"] for event in messages if event.get("personal") == personal}
        checks.that(f"{kind}: says who", kind in found, sorted(found), json.dumps(personal))
    of_request = [event for event in messages if event["data"].get("request") == request]
    named = [event.get("personal") for event in of_request if not event["type"].startswith(SIGN_UPS)]
    expected = [{"email": EVE["email"]}] * len(named)
    checks.that("events of a request say who applied", bool(named) and named == expected, named, EVE["email"])
    names = [event for event in kept.values() if "personal" in event]
    checks.that("nobody else is told who it is", not names, names, "no member `personal`")


def whoever_is_gone_is_told_nothing(
    checks: Checks, signupctl: Signupctl, accounts: Accounts, told: Told, kept: dict[str, Json]
) -> None:
    """An endpoint answered 410 to the first of some events, and has all of them again when it is enabled."""
    partner, path = told.receivers["partner"], ("--endpoint", told.receivers["partner"].id)
    wait_until_taken(accounts, told.tasks)
    of_lists = {event for event, text in kept.items() if text["type"].startswith("list_entry.")}
    [state] = [one["state"] for one in signupctl.lines("endpoint", "list") if one["id"] == partner.id]
    checks.that("an endpoint that answers 410 is gone", state == "gone", state, "gone")
    times, expected = len(partner.told), f"1 of {len(of_lists)}"
    checks.that("it is told nothing more", times == 1 < len(of_lists), f"{times} of {len(of_lists)}", expected)
    signupctl("endpoint", "enable", partner.id)
    replayed = signupctl("event", "replay", "--since", "1h", "--type", "list_entry.*", *path)
    expected = f"put into the queue: {len(of_lists)}\n"
    checks.that("a replay takes all of them", replayed == expected, replayed, expected)
    wait_until(lambda: set(partner.ids()[1:]) == of_lists)
    checks.that("a replay tells it of all of them", set(partner.ids()[1:]) == of_lists, partner.ids(), str(of_lists))


# Of attempts, the last one that is made of a message.
LAST = 12


def what_fails_is_told_later(
    checks: Checks, signupctl: Signupctl, accounts: Accounts, told: Told, kept: dict[str, Json]
) -> None:
    """The first message failed once. Another one fails for good, and is told when somebody has it told again."""
    ledger = told.receivers["ledger"]
    if not wait_until(lambda: bool(ledger.told)):
        raise RehearsalError("the ledger: found no message, expected one of an account")
    log = ("endpoint", "log", ledger.id, "--event", ledger.ids()[0])
    wait_until(lambda: len(signupctl.lines(*log)) > 1)
    attempts = signupctl.lines(*log)
    answers = [one["answer"] for one in attempts]
    checks.that("what fails is tried again", answers == ["503", "204"], attempts, "an answer 503, then 204")
    # As the queue has it three days later, with an event that the ledger has never had.
    dead = next(event for event in kept if event not in ledger.ids())
    last = {"endpoint": ledger.id, "event": dead, "attempts": LAST - 1}
    ledger.answers = [503]
    accounts.queues.send_message(QueueUrl=told.tasks, MessageBody=json.dumps(last))
    listing = ("endpoint", "dead", "list", "--endpoint", ledger.id)
    wait_until(lambda: bool(signupctl.lines(*listing)))
    letters = [(one["event"], one["attempts"], one["answer"]) for one in signupctl.lines(*listing)]
    checks.that("what fails for good is a dead letter", letters == [(dead, LAST, "503")], letters, dead)
    replayed = signupctl("endpoint", "dead", "replay", "--endpoint", ledger.id)
    expected = f"{ledger.id}: told again: 1\n"
    checks.that("it is told again", replayed == expected, replayed, expected)
    wait_until(lambda: ledger.ids().count(dead) == 2)
    checks.that("it arrives", ledger.ids().count(dead) == 2, ledger.ids(), f"{dead} twice")
    left = signupctl.lines(*listing)
    checks.that("no dead letter is left", not left, left, "nothing")


def the_audit_shows_a_change(checks: Checks, signupctl: Signupctl, told: Told, kept: dict[str, Json]) -> None:
    """The chain has every event, and verifies until somebody changes an object of it."""
    listed = told.objects.list_objects_v2(Bucket=told.bucket, Prefix="audit/")["Contents"]
    segments = {one["Key"]: object_of(told, one["Key"]) for one in listed}
    missing = [event for event in kept if not any(event in text for text in segments.values())]
    checks.that(f"the chain has all {len(kept)} events", not missing, missing, "each of them")
    [*findings, summary] = signupctl.lines("audit", "verify")
    checks.that("the chain is whole", not findings and summary["records"] >= len(kept), summary, "no finding")
    changed = next(name for name, text in segments.items() if BEFORE in text)
    # On AWS it takes somebody who may change the bucket's policy; Object Lock keeps what was there as a version of it.
    told.objects.put_object(Bucket=told.bucket, Key=changed, Body=segments[changed].replace(BEFORE, AFTER, 1).encode())
    code, printed = signupctl.ended("audit", "verify", "--json")
    found = [one["told"] for one in map(json.loads, printed.splitlines()) if one.get("finding") == "broken"]
    shows = code == 1 and len(found) == 1 and found[0].startswith(f"{changed}, line ")
    checks.that("a change of an object shows", shows, f"{code} {printed}", f"1, and a line of {changed}")


BEFORE, AFTER = '"type":"sign_up.continued"', '"type":"sign_up.blocked"'


def object_of(told: Told, name: str) -> str:
    return str(told.objects.get_object(Bucket=told.bucket, Key=name)["Body"].read().decode())


def roles_fit(checks: Checks, gates: list[RoleGate]) -> None:
    """Each role allows what its function did, and nothing that the function had no use for."""
    print("  -- the roles")
    for gate in gates:
        # The use of a credential is noted after the answer is given.
        wait_until(lambda gate=gate: not gate.unused, seconds=5)
        refused = sorted(set(gate.refused))
        checks.that(f"{gate.function}: its role allows every call", not refused, refused, "no call refused")
        expected = "nothing unused"
        checks.that(f"{gate.function}: its role allows nothing else", not gate.unused, gate.unused, expected)


def every_request_is_counted(checks: Checks, running: Emulator) -> None:
    """The emulator makes no metrics of its filters, so that their patterns are applied here, to what the functions wrote."""
    print("  -- the metrics")
    logs = running.client("logs")
    for kept in logs.describe_metric_filters()["metricFilters"]:
        [metric] = kept["metricTransformations"]
        fields = re.findall(r"\$\.(\w+) = \*", kept["filterPattern"])
        lines = [json.loads(line) for line in own_lines(logs, kept["logGroupName"]) if line.startswith("{")]
        taken = [line for line in lines if all(field in line for field in fields)]
        requests = [line for line in lines if "protocol" in line]
        name = f"{kept['logGroupName']}: {metric['metricName']} of each request"
        checks.that(name, requests != [] and taken == requests, len(taken), f"{len(requests)}, and one at least")


def goes_on(name: str) -> Json:
    if name == "tokenIssuanceStart":
        return event_answer(name, "provideClaimsForToken", claims={})
    return event_answer(name, "continueWithDefaultBehavior")


def function_logs(running: Emulator) -> str:
    """What the functions logged, as the emulator kept it."""
    logs = running.client("logs")
    lines: list[str] = []
    for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
        lines += [f"{group['logGroupName']}: {line}" for line in own_lines(logs, group["logGroupName"])]
    return "\n".join(lines[-60:])


def own_lines(logs: Any, group: str) -> list[str]:
    """What a function wrote, without what Lambda writes."""
    messages = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    return [message.rstrip() for message in messages if not message.startswith(("START ", "END ", "REPORT "))]


# --- Running ----------------------------------------------------------------------------------------------------------


def built(binaries: Path) -> Path:
    missing = [
        name
        for name in (
            "after-federation",
            "approvals",
            "before-creating-user",
            "before-token",
            "events",
            "maintenance",
            "notices",
            "otp-send",
            "provisioning",
            "webhooks",
        )
        if not (binaries / name).is_file()
    ]
    if missing:
        raise RehearsalError(f"{binaries}: found no {', '.join(missing)}, expected what `make dev-binaries` builds")
    return binaries


def store_contract(checks: Checks, running: Emulator) -> None:
    """What every store must do, on this DynamoDB of another author: a second opinion on the engine of the tests."""
    # This DynamoDB undoes a cancelled transaction together with whatever else was written meanwhile, in any table.
    one_by_one = ["--", "--test-threads=1"]
    suite = ["cargo", "test", "--locked", "--workspace", "--quiet", "--test", "contract", *one_by_one]
    environment = dict(os.environ) | {"CONTRACT_ENDPOINT_URL": f"http://127.0.0.1:{running.port}"}
    ran = subprocess.run(suite, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)
    checks.that("the store's contract holds", ran.returncode == 0, ran.stdout + ran.stderr, "every test to pass")


def rehearsal(binaries: Path, command_line: Path, directory: Path) -> int:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    with contextlib.ExitStack() as ends:
        entra = ends.enter_context(LocalEntra())
        others = ends.enter_context(OtherSystems())
        graph = ends.enter_context(LocalGraph())
        receivers = ends.enter_context(LocalReceivers(*RECEIVERS))
        running = ends.enter_context(emulator(directory))
        gates = [ends.enter_context(gate) for gate in role_gates(template, running)]
        print(f"rehearse.py: deploying into ministack on port {running.port}", flush=True)
        package = packaged(template, gates, running.endpoint, binaries, directory / "deployment")
        outputs = deploy(running, package, entra, others, graph, receivers)
        names = names_in_template(running)
        for gate in gates:
            gate.deployed = names
        deployed = {
            "TABLE_NAME": outputs["TableName"],
            "REQUESTS_KEY": outputs["RequestsKeyArn"],
            "SECRETS_PREFIX": SECRETS_PREFIX,
            "WEBHOOKS_QUEUE_URL": outputs["WebhooksQueueUrl"],
            "AUDIT_BUCKET": outputs["AuditBucketName"],
        }
        signupctl = Signupctl(command_line, running.environment() | deployed)
        topics = running.client("sns")
        pipe = LocalPipe(
            template["Resources"][PIPE]["Properties"],
            running.client("dynamodbstreams"),
            topics,
            outputs["TableStreamArn"],
            deployed_name(names, "RequestsTopic"),
        )
        gate_of = {gate.function: gate for gate in gates}
        accounts = Accounts(
            pipe,
            running.client("sqs"),
            outputs["ProvisioningQueueUrl"],
            outputs["NoticesQueueUrl"],
            graph,
            gate_of["BeforeCreatingUserFunction"],
            running.client("dynamodb"),
            outputs["TableName"],
            running.client("lambda"),
            deployed_name(names, "MaintenanceFunction"),
        )
        told = Told(
            receivers,
            *queues_behind(running, deployed_name(names, "EventBus"), outputs["EventTopicArn"]),
            outputs["WebhooksQueueUrl"],
            gate_of["EventsFunction"],
            running.client("s3"),
            outputs["AuditBucketName"],
        )
        checks = rehearse(DeployedApi(running, outputs["HttpApiId"]), signupctl, entra, others, accounts, told)
        every_request_is_counted(checks, running)
        roles_fit(checks, gates)
        store_contract(checks, running)
        if checks.failed:
            sys.stdout.flush()
            print(f"--- the functions' logs\n{function_logs(running)}", file=sys.stderr)
            print(f"--- ministack's log\n{tail(running.log)}", file=sys.stderr)
            print(f"rehearse.py: {len(checks.failed)} of {checks.made} checks failed", file=sys.stderr)
            return 1
    print(f"rehearse.py: {checks.made} checks passed")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--binaries",
        type=Path,
        default=ROOT / "target" / "debug",
        help="directory of the functions built for this machine (default: target/debug)",
    )
    parser.add_argument(
        "--signupctl",
        type=Path,
        default=ROOT / "target" / "debug" / "signupctl",
        help="the operator's command line (default: target/debug/signupctl)",
    )
    arguments = parser.parse_args()
    # So that an interrupted rehearsal leaves nothing behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as directory:
            binaries, command_line = built(arguments.binaries.resolve()), arguments.signupctl.resolve()
            if not command_line.is_file():
                raise RehearsalError(f"{command_line}: found nothing, expected signupctl; `make dev-binaries` builds it")
            return rehearsal(binaries, command_line, Path(directory))
    except (RehearsalError, subprocess.TimeoutExpired) as error:
        print(f"rehearse.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

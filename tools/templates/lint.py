#!/usr/bin/env python3
"""Checks the CloudFormation templates without an AWS account.

Runs cfn-lint on every template, performs the SAM transform offline, and asserts on the TRANSFORMED template what a
deployment must have: how the table is kept, what each function's role allows, which path reaches which function.

    lint.py              check; exit code 1 when anything is found
    lint.py --self-test  break the transformed template in memory, one way at a time, and require that each is found
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
MAIN = "template.yaml"
CUSTOM_DOMAIN = "infra/custom-domain.yaml"

Json = Any


# --- What is expected -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Port:
    """One capability of a function, as the one IAM statement that grants it."""

    actions: tuple[str, ...]
    resource: Json
    condition: Json = None
    # The template's condition without which the statement is not there.
    only_if: str | None = None


def only(operator: str, key: str, *values: str) -> Json:
    """Only requests that name these and nothing else. ForAllValues alone is true of one that names nothing at all."""
    return {f"ForAllValues:{operator}": {key: list(values)}, "Null": {key: "false"}}


def leading_keys(operator: str, *keys: str) -> Json:
    """Only items of these partitions."""
    return only(operator, "dynamodb:LeadingKeys", *keys)


NO_VALUE = {"Ref": "AWS::NoValue"}
TABLE_ARN = {"Fn::GetAtt": ["Table", "Arn"]}
START_UP_ITEMS = ("CREDENTIALS", "CREDENTIAL_USE", "SIGNING_KEYS", "POLICIES")
# What is asked of every sign-up that lists decide.
LISTS_AND_STANDING = ("ENTRY#*", "APPLICANT#*")
# What a policy looks up.
ABOUT_THE_PERSON = ("DIRECTORY#*",)
TYPED = ("VALUES#*", "CODES#*")
ABOUT_SOURCES = ("ANSWER#*", "BREAKER#*")

SECRETS_ARN = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretsPrefix}"
# Policies name them when they are published, so the role names what they have in common.
SECRETS_OF_POLICIES = {"Fn::Sub": f"{SECRETS_ARN}/*"}

SES_ARN = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}"


def part(index: int, separator: str, value: Json) -> Json:
    return {"Fn::Select": [index, {"Fn::Split": [separator, value]}]}


# Of "address" and of "Name <address>" alike.
MAIL_DOMAIN = part(0, ">", part(1, "@", {"Ref": "MailFrom"}))
MAIL_ADDRESS = part(0, ">", part(1, "<", {"Fn::Sub": "${MailFrom}<${MailFrom}"}))

QUEUE_ARN = {"Fn::GetAtt": ["ProvisioningQueue", "Arn"]}
NOTICES_QUEUE_ARN = {"Fn::GetAtt": ["NoticesQueue", "Arn"]}
PIPE_DEAD_LETTERS_ARN = {"Fn::GetAtt": ["RequestsPipeDeadLetters", "Arn"]}
REQUESTS_TOPIC = {"Ref": "RequestsTopic"}
EVENTS_DEAD_LETTERS_ARN = {"Fn::GetAtt": ["EventsDeadLetters", "Arn"]}
WEBHOOKS_QUEUE_ARN = {"Fn::GetAtt": ["WebhooksQueue", "Arn"]}
AUDIT_BUCKET_ARN = {"Fn::GetAtt": ["AuditBucket", "Arn"]}
# Objects of the audit, and secrets of endpoints, are named when they are made, so the role names what they have in common.
AUDITED_OBJECTS = {"Fn::Sub": "${AuditBucket.Arn}/audit/*"}
SECRETS_OF_ENDPOINTS = {"Fn::Sub": f"{SECRETS_ARN}/webhooks/*"}
WIDE_ON_PURPOSE = (SECRETS_OF_POLICIES, AUDITED_OBJECTS, SECRETS_OF_ENDPOINTS)

# Ports -> actions: those of shared/src/ports, what queues and streams need, and at the end what any function needs.
# "log" is completed with the function's own log group.
PORTS = {
    "sign_up_reader": Port(
        ("dynamodb:BatchGetItem",),
        TABLE_ARN,
        leading_keys("StringLike", *START_UP_ITEMS, *LISTS_AND_STANDING, *ABOUT_THE_PERSON, *ABOUT_SOURCES),
    ),
    "sign_up_reader of what was typed": Port(
        ("dynamodb:BatchGetItem",),
        TABLE_ARN,
        leading_keys("StringLike", *START_UP_ITEMS, *LISTS_AND_STANDING, *ABOUT_THE_PERSON, *TYPED, *ABOUT_SOURCES),
    ),
    "sign_up_reader without lists": Port(
        ("dynamodb:BatchGetItem",),
        TABLE_ARN,
        leading_keys("StringLike", *START_UP_ITEMS, *ABOUT_THE_PERSON, *ABOUT_SOURCES),
    ),
    "sign_up_reader of callers' records": Port(
        ("dynamodb:BatchGetItem",), TABLE_ARN, leading_keys("StringEquals", *START_UP_ITEMS)
    ),
    "policy_reader and disposable_reader": Port(
        ("dynamodb:GetItem",), TABLE_ARN, leading_keys("StringLike", "POLICY#*", "DISPOSABLE")
    ),
    "policy_reader": Port(("dynamodb:GetItem",), TABLE_ARN, leading_keys("StringLike", "POLICY#*")),
    "otp_deliveries": Port(
        ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        TABLE_ARN,
        leading_keys("StringLike", "OTP#*"),
    ),
    "policy_reader and policy_store that reads": Port(
        ("dynamodb:GetItem",), TABLE_ARN, leading_keys("StringLike", "POLICIES", "POLICY#*")
    ),
    "notice_deliveries": Port(
        ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        TABLE_ARN,
        leading_keys("StringLike", "SENT#*"),
    ),
    "mailer": Port(
        ("ses:SendEmail",),
        [
            {"Fn::Sub": [f"{SES_ARN}:identity/${{Domain}}", {"Domain": MAIL_DOMAIN}]},
            {"Fn::Sub": [f"{SES_ARN}:identity/${{Address}}", {"Address": MAIL_ADDRESS}]},
            {
                "Fn::If": [
                    "HasConfigurationSet",
                    {"Fn::Sub": f"{SES_ARN}:configuration-set/${{SesConfigurationSet}}"},
                    NO_VALUE,
                ]
            },
        ],
        {"StringLike": {"ses:FromAddress": {"Fn::Sub": ["*@${Domain}", {"Domain": MAIL_DOMAIN}]}}},
        only_if="SendsBySes",
    ),
    "secrets": Port(("secretsmanager:GetSecretValue",), SECRETS_OF_POLICIES),
    "secrets of the mailer": Port(
        ("secretsmanager:GetSecretValue",),
        {"Fn::Sub": f"{SECRETS_ARN}/${{SmtpSecret}}-??????"},
        only_if="HasSmtpSecret",
    ),
    "answer_store": Port(("dynamodb:PutItem",), TABLE_ARN, leading_keys("StringLike", *ABOUT_SOURCES)),
    "event_log that is kept": Port(("dynamodb:PutItem",), TABLE_ARN, leading_keys("StringLike", "EVENTS#*")),
    "code_redeemer": Port(
        ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        TABLE_ARN,
        leading_keys("StringLike", "CODES#*"),
    ),
    "attempts": Port(
        ("dynamodb:DeleteItem", "dynamodb:PutItem"), TABLE_ARN, leading_keys("StringLike", "EVIDENCE#*")
    ),
    "approval_requests that are read": Port(
        ("dynamodb:GetItem",), TABLE_ARN, leading_keys("StringLike", "APPLICANT#*", "REQUEST#*")
    ),
    "approval_requests": Port(
        ("dynamodb:PutItem",),
        TABLE_ARN,
        leading_keys("StringLike", "APPLICANT#*", "REQUEST#*", "QUEUE#*", "PERSON#*", "DOMAIN#*"),
    ),
    "data_keys that are made": Port(
        ("kms:GenerateDataKey",),
        {"Fn::GetAtt": ["RequestsKey", "Arn"]},
        only("StringEquals", "kms:EncryptionContextKeys", "request"),
    ),
    "request_store that reads": Port(
        ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"),
        TABLE_ARN,
        leading_keys("StringLike", "REQUEST#*"),
    ),
    "request_store that lists, evidence and audit_store": Port(
        ("dynamodb:Query",),
        TABLE_ARN,
        leading_keys("StringLike", "QUEUE#*", "PERSON#*", "DOMAIN#*", "EVIDENCE#*", "AUDIT#*"),
    ),
    "request_store of people, whose changes are recorded": Port(
        ("dynamodb:PutItem",),
        TABLE_ARN,
        leading_keys("StringLike", "APPLICANT#*", "REQUEST#*", "QUEUE#*", "PERSON#*", "DOMAIN#*", "AUDIT#*"),
    ),
    "request_store that closes": Port(("dynamodb:UpdateItem",), TABLE_ARN, leading_keys("StringLike", "REQUEST#*")),
    "request_store that moves": Port(("dynamodb:DeleteItem",), TABLE_ARN, leading_keys("StringLike", "QUEUE#*")),
    "data_keys that are unwrapped": Port(
        ("kms:Decrypt",),
        {"Fn::GetAtt": ["RequestsKey", "Arn"]},
        only("StringEquals", "kms:EncryptionContextKeys", "request"),
    ),
    "secrets of accounts": Port(
        ("secretsmanager:GetSecretValue",), {"Fn::Sub": f"{SECRETS_ARN}/${{GraphSecret}}-??????"}
    ),
    "request_store that walks": Port(
        ("dynamodb:Query",), TABLE_ARN, leading_keys("StringLike", "QUEUE#*", "REQUEST#*")
    ),
    "reminders that are there": Port(("dynamodb:BatchGetItem",), TABLE_ARN, leading_keys("StringLike", "REQUEST#*")),
    "policy_store, policy_reader, rounds and guest_rounds": Port(
        ("dynamodb:GetItem",), TABLE_ARN, leading_keys("StringLike", "POLICIES", "POLICY#*", "MAINTENANCE")
    ),
    "request_store, reminders, rounds and guest_rounds": Port(
        ("dynamodb:PutItem",),
        TABLE_ARN,
        leading_keys("StringLike", "APPLICANT#*", "REQUEST#*", "QUEUE#*", "PERSON#*", "DOMAIN#*", "MAINTENANCE"),
    ),
    "secrets of accounts, where some are made": Port(
        ("secretsmanager:GetSecretValue",),
        {"Fn::Sub": f"{SECRETS_ARN}/${{GraphSecret}}-??????"},
        only_if="Provisions",
    ),
    # Where every guest has to come of an approval.
    "request_store that explains guests": Port(
        ("dynamodb:GetItem", "dynamodb:Query"),
        TABLE_ARN,
        leading_keys("StringLike", "PERSON#*", "REQUEST#*"),
        only_if="ChecksGuests",
    ),
    "secrets of the console": Port(
        ("secretsmanager:GetSecretValue",), {"Fn::Sub": f"{SECRETS_ARN}/${{ConsoleSecret}}-??????"}
    ),
    "list_store": Port(
        ("dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query"),
        TABLE_ARN,
        leading_keys("StringLike", "ENTRY#*"),
    ),
    "request_store that erases": Port(
        ("dynamodb:BatchWriteItem",), TABLE_ARN, leading_keys("StringLike", "REQUEST#*")
    ),
    "secrets of links": Port(
        ("secretsmanager:GetSecretValue",), {"Fn::Sub": f"{SECRETS_ARN}/${{LinkSecret}}-??????"}
    ),
    "queue of notices that is emptied": Port(
        ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"), NOTICES_QUEUE_ARN
    ),
    "topic of requests": Port(("sns:Publish",), REQUESTS_TOPIC),
    "dead letters of the pipe": Port(("sqs:SendMessage",), PIPE_DEAD_LETTERS_ARN),
    "queue that is emptied": Port(
        ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"), QUEUE_ARN
    ),
    "stream": Port(
        ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
        {"Fn::GetAtt": ["Table", "StreamArn"]},
    ),
    "event_log and dead_letters": Port(
        ("dynamodb:PutItem",), TABLE_ARN, leading_keys("StringLike", "EVENTS#*", "DEAD#stream")
    ),
    "endpoint_store that reads": Port(("dynamodb:Query",), TABLE_ARN, leading_keys("StringEquals", "ENDPOINTS")),
    "chain_heads": Port(
        ("dynamodb:GetItem", "dynamodb:UpdateItem"), TABLE_ARN, leading_keys("StringLike", "CHAIN", "CHAIN#*")
    ),
    "event_bus": Port(("events:PutEvents",), {"Fn::GetAtt": ["EventBus", "Arn"]}),
    "topic of events": Port(("sns:Publish",), {"Ref": "EventTopic"}),
    "queue of webhooks that is filled, and dead letters": Port(
        ("sqs:SendMessage",), [WEBHOOKS_QUEUE_ARN, EVENTS_DEAD_LETTERS_ARN]
    ),
    "objects": Port(("s3:GetObject", "s3:PutObject"), AUDITED_OBJECTS),
    "objects that are missing": Port(("s3:ListBucket",), AUDIT_BUCKET_ARN),
    "event_log that is read": Port(("dynamodb:GetItem",), TABLE_ARN, leading_keys("StringLike", "EVENTS#*")),
    "request_store of endpoints": Port(
        ("dynamodb:BatchGetItem", "dynamodb:GetItem"), TABLE_ARN, leading_keys("StringLike", "REQUEST#*")
    ),
    "breakers": Port(("dynamodb:BatchGetItem",), TABLE_ARN, leading_keys("StringLike", "BREAKER#*")),
    "endpoint_store, breakers, delivery_log and dead_webhooks": Port(
        ("dynamodb:PutItem",), TABLE_ARN, leading_keys("StringLike", "ENDPOINTS", "BREAKER#*", "DELIVERIES#*", "DEAD#*")
    ),
    "secrets of endpoints": Port(("secretsmanager:GetSecretValue",), SECRETS_OF_ENDPOINTS),
    "queue of webhooks": Port(
        ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"), WEBHOOKS_QUEUE_ARN
    ),
    "credential_use": Port(("dynamodb:UpdateItem",), TABLE_ARN, leading_keys("StringEquals", "CREDENTIAL_USE")),
    "table key": Port(
        ("kms:Decrypt",),
        {"Fn::GetAtt": ["TableKey", "Arn"]},
        {"StringEquals": {"kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}}},
    ),
    "log": Port(("logs:CreateLogStream", "logs:PutLogEvents"), None),
}


# An extension must answer in 2 seconds and a connector in 5.
TIMEOUT_SECONDS = 5
RESERVED = {"Fn::If": ["HasReservedConcurrency", {"Ref": "ReservedConcurrency"}, NO_VALUE]}


@dataclass(frozen=True)
class Function:
    """What one function is built from, may do and answers on."""

    binary: str
    ports: tuple[str, ...]
    # None of what a queue calls.
    routes: tuple[str, ...] = ()
    # Settings that not every function has, and where the program reads them.
    environment: dict[str, str] = field(default_factory=dict)
    settings: tuple[Path, ...] = ()
    # Settings of all functions that it has no use for: empty.
    unused: tuple[str, ...] = ()
    # The template's condition without which the function and all that belongs to it are not there.
    only_if: str | None = None
    timeout: int = TIMEOUT_SECONDS
    reserved: Json = field(default_factory=lambda: RESERVED)
    # The rule by which it runs, of what nobody calls.
    schedule: str | None = None

    @property
    def decides(self) -> bool:
        """Whether it serves a step of a sign-up, and so writes a line of each request."""
        return any(route.startswith("ANY /extensions/") for route in self.routes)


def routes(step: str, event: str) -> tuple[str, ...]:
    return (
        f"ANY /connectors/{step}",
        f"ANY /connectors/{{user_flow}}/{step}",
        f"ANY /extensions/{event}",
        f"ANY /extensions/{{user_flow}}/{event}",
    )


# The functions' settings -> the parameter each comes from (TABLE_NAME: the table).
ENVIRONMENT = {
    "TABLE_NAME": "Table",
    "DEFAULT_EFFECT": "DefaultEffect",
    "ON_UNAVAILABLE": "OnUnavailable",
    "USER_FLOWS": "UserFlows",
    "DEFAULT_LANGUAGE": "DefaultLanguage",
    "API_VERSION": "ApiVersion",
    "CONNECTOR_DEADLINE_MS": "ConnectorDeadlineMs",
    "EXTENSION_DEADLINE_MS": "ExtensionDeadlineMs",
    "CLIENT_CERTIFICATES": "ClientCertificates",
    "ENTRA_TENANT_ID": "EntraTenantId",
    "ENTRA_TENANT_DOMAIN": "EntraTenantDomain",
    "ENTRA_AUDIENCES": "EntraAudiences",
    "ENTRA_ISSUERS": "EntraIssuers",
    "ENTRA_CALLER_APP_ID": "EntraCallerAppId",
    "PRIVATE_HOSTS": "PrivateHosts",
    "SECRETS_PREFIX": "SecretsPrefix",
    "EVENT_DAYS": "EventDays",
    "EVENT_FIELDS": "EventFields",
}

# The settings of the function that mails -> the parameter each comes from.
MAIL_ENVIRONMENT = {
    "MAIL_TRANSPORT": "MailTransport",
    "MAIL_FROM": "MailFrom",
    "MAIL_REPLY_TO": "MailReplyTo",
    "SES_CONFIGURATION_SET": "SesConfigurationSet",
    "SMTP_URL": "SmtpUrl",
    "SMTP_SECRET": "SmtpSecret",
}

# The setting of the functions that make and carry out approval requests -> the key it comes from.
REQUESTS_ENVIRONMENT = {"REQUESTS_KEY": "RequestsKey"}

# The settings of the function that makes accounts -> the parameter each comes from.
PROVISIONING_ENVIRONMENT = {
    "GRAPH_TENANT_ID": "GraphTenantId",
    "GRAPH_TENANT_DOMAIN": "GraphTenantDomain",
    "GRAPH_SECRET": "GraphSecret",
    "GRAPH_URL": "GraphUrl",
    "GRAPH_TOKEN_URL": "GraphTokenUrl",
    "GUEST_MARKER": "GuestMarker",
    "INVITE_REDIRECT_URL": "InviteRedirectUrl",
    "INVITE_SEND_MESSAGE": "InviteSendMessage",
}

# The setting of the function that looks for accounts, beside those of accounts -> the parameter it comes from.
MAINTENANCE_ENVIRONMENT = {"GUESTS_NEED_APPROVAL": "GuestsNeedApproval"}

# The settings of the approval console -> the parameter each comes from.
CONSOLE_ENVIRONMENT = {
    "CONSOLE_URL": "ConsoleUrl",
    "CONSOLE_TENANT_ID": "ConsoleTenantId",
    "CONSOLE_AUTHORITY": "ConsoleAuthority",
    "CONSOLE_SECRET": "ConsoleSecret",
    "LINK_SECRET": "LinkSecret",
}

# What a function has no use for that decides no sign-up.
WITHOUT_SIGN_UPS = tuple(sorted(set(ENVIRONMENT) - {"TABLE_NAME", "PRIVATE_HOSTS", "SECRETS_PREFIX"}))

# The settings of the function that mails about requests, beside those of mail -> the parameter each comes from.
NOTICES_ENVIRONMENT = {"CONSOLE_URL": "ConsoleUrl", "LINK_SECRET": "LinkSecret"}

# The settings of the function that tells of events -> the resource each comes from.
EVENTS_ENVIRONMENT = {
    "EVENT_BUS": "EventBus",
    "EVENT_TOPIC_ARN": "EventTopic",
    "WEBHOOKS_QUEUE_URL": "WebhooksQueue",
    "AUDIT_BUCKET": "AuditBucket",
}

# The settings of the function that sends events to endpoints -> the resource or parameter each comes from.
WEBHOOKS_ENVIRONMENT = {"WEBHOOKS_QUEUE_URL": "WebhooksQueue", "WEBHOOKS_IN_FLIGHT": "WebhooksInFlight"}

SETTINGS_SOURCE = ROOT / "shared" / "src" / "config" / "settings.rs"
MAIL_SOURCE = ROOT / "shared" / "src" / "config" / "mail.rs"
REQUESTS_SOURCE = ROOT / "shared" / "src" / "config" / "requests.rs"
NOTICES_SOURCE = ROOT / "shared" / "src" / "config" / "notices.rs"
PROVISIONING_SOURCE = ROOT / "shared" / "src" / "config" / "provisioning.rs"
MAINTENANCE_SOURCE = ROOT / "shared" / "src" / "config" / "maintenance.rs"
EVENTS_SOURCE = ROOT / "shared" / "src" / "config" / "events.rs"
WEBHOOKS_SOURCE = ROOT / "shared" / "src" / "config" / "webhooks.rs"
CONSOLE_SOURCE = ROOT / "shared" / "src" / "config" / "console.rs"
SETTINGS_NAMES = re.compile(r"pub const \w*NAMES: &\[&str\] = &\[(?P<names>[^\]]*)\];")

EVERY_FUNCTION = ("credential_use", "table key", "log")
EVERY_DECISION = (
    "policy_reader and disposable_reader",
    "answer_store",
    "event_log that is kept",
    "secrets",
    *EVERY_FUNCTION,
)
FUNCTIONS = {
    "AfterFederationFunction": Function(
        "after-federation",
        ("sign_up_reader", *EVERY_DECISION),
        routes("after-federation", "attribute-collection-start"),
    ),
    "BeforeCreatingUserFunction": Function(
        "before-creating-user",
        (
            "sign_up_reader of what was typed",
            "code_redeemer",
            "attempts",
            "approval_requests that are read",
            "approval_requests",
            "data_keys that are made",
            *EVERY_DECISION,
        ),
        routes("before-creating-user", "attribute-collection-submit"),
        REQUESTS_ENVIRONMENT,
        (REQUESTS_SOURCE,),
    ),
    "BeforeTokenFunction": Function(
        "before-token",
        ("sign_up_reader without lists", *EVERY_DECISION),
        routes("before-token", "token-issuance-start"),
    ),
    # No connector credential opens it, so it notes no use of one.
    "OtpSendFunction": Function(
        "otp-send",
        (
            "sign_up_reader of callers' records",
            "policy_reader",
            "otp_deliveries",
            "mailer",
            "secrets of the mailer",
            "table key",
            "log",
        ),
        ("ANY /extensions/otp-send", "ANY /extensions/{user_flow}/otp-send"),
        MAIL_ENVIRONMENT,
        (MAIL_SOURCE,),
        ("CLIENT_CERTIFICATES", "EVENT_DAYS", "EVENT_FIELDS"),
        "SendsMail",
    ),
    # It decides no sign-up, and nobody calls it.
    "ProvisioningFunction": Function(
        "provisioning",
        (
            "request_store that reads",
            "approval_requests",
            "request_store that closes",
            "request_store that moves",
            "data_keys that are unwrapped",
            "secrets of accounts",
            "queue that is emptied",
            "table key",
            "log",
        ),
        environment=REQUESTS_ENVIRONMENT | PROVISIONING_ENVIRONMENT,
        settings=(REQUESTS_SOURCE, PROVISIONING_SOURCE),
        unused=WITHOUT_SIGN_UPS,
        only_if="Provisions",
        timeout=30,
        reserved=NO_VALUE,
    ),
    # Requests wait in every deployment. It has no key of theirs.
    "MaintenanceFunction": Function(
        "maintenance",
        (
            "request_store that walks",
            "reminders that are there",
            "policy_store, policy_reader, rounds and guest_rounds",
            "request_store, reminders, rounds and guest_rounds",
            "request_store that closes",
            "request_store that moves",
            "secrets of accounts, where some are made",
            "request_store that explains guests",
            "table key",
            "log",
        ),
        environment=PROVISIONING_ENVIRONMENT | MAINTENANCE_ENVIRONMENT,
        settings=(PROVISIONING_SOURCE, MAINTENANCE_SOURCE),
        unused=WITHOUT_SIGN_UPS,
        timeout=300,
        reserved=NO_VALUE,
        schedule="MaintenanceSchedule",
    ),
    # It decides no sign-up; people open it in a browser.
    "ApprovalsFunction": Function(
        "approvals",
        (
            "request_store that reads",
            "request_store that lists, evidence and audit_store",
            "request_store of people, whose changes are recorded",
            "request_store that closes",
            "request_store that moves",
            "data_keys that are unwrapped",
            "secrets of the console",
            "policy_reader and policy_store that reads",
            "list_store",
            "request_store that erases",
            "secrets of links",
            "table key",
            "log",
        ),
        ("ANY /console", "ANY /console/{page+}", "ANY /application/{page+}", "ANY /api/{page+}"),
        REQUESTS_ENVIRONMENT | CONSOLE_ENVIRONMENT,
        (REQUESTS_SOURCE, CONSOLE_SOURCE),
        WITHOUT_SIGN_UPS,
        "HasConsole",
        timeout=15,
        reserved=NO_VALUE,
    ),
    # It writes nothing of a request.
    "NoticesFunction": Function(
        "notices",
        (
            "request_store that reads",
            "policy_reader and policy_store that reads",
            "notice_deliveries",
            "data_keys that are unwrapped",
            "secrets of links",
            "mailer",
            "secrets of the mailer",
            "queue of notices that is emptied",
            "table key",
            "log",
        ),
        environment=REQUESTS_ENVIRONMENT | NOTICES_ENVIRONMENT | MAIL_ENVIRONMENT,
        settings=(REQUESTS_SOURCE, NOTICES_SOURCE, MAIL_SOURCE),
        unused=tuple(sorted(set(ENVIRONMENT) - {"TABLE_NAME", "DEFAULT_LANGUAGE", "SECRETS_PREFIX"})),
        only_if="SendsNotices",
        timeout=60,
        reserved=NO_VALUE,
    ),
    # It decides no sign-up, and nobody calls it.
    "EventsFunction": Function(
        "events",
        (
            "event_log and dead_letters",
            "endpoint_store that reads",
            "chain_heads",
            "event_bus",
            "topic of events",
            "queue of webhooks that is filled, and dead letters",
            "objects",
            "objects that are missing",
            "stream",
            "table key",
            "log",
        ),
        environment=EVENTS_ENVIRONMENT,
        settings=(EVENTS_SOURCE,),
        unused=tuple(sorted(set(ENVIRONMENT) - {"TABLE_NAME", "SECRETS_PREFIX", "EVENT_DAYS"})),
        only_if="TellsEvents",
        timeout=60,
        reserved=NO_VALUE,
    ),
    # Of endpoints it changes that one is gone.
    "WebhooksFunction": Function(
        "webhooks",
        (
            "event_log that is read",
            "request_store of endpoints",
            "breakers",
            "endpoint_store that reads",
            "endpoint_store, breakers, delivery_log and dead_webhooks",
            "data_keys that are unwrapped",
            "secrets of endpoints",
            "queue of webhooks",
            "table key",
            "log",
        ),
        environment=REQUESTS_ENVIRONMENT | WEBHOOKS_ENVIRONMENT,
        settings=(REQUESTS_SOURCE, WEBHOOKS_SOURCE),
        unused=WITHOUT_SIGN_UPS,
        only_if="TellsEvents",
        timeout=60,
        reserved=NO_VALUE,
    ),
}

# What belongs to a function that a queue calls, by how its names begin -> the condition without which it is not there.
ONLY_WHERE = {
    "Event": "TellsEvents",
    "Maintenance": "Provisions",
    "Notices": "SendsNotices",
    "Provisioning": "Provisions",
    "Requests": "FollowsRequests",
    "Webhooks": "TellsEvents",
}

PIPE_ROLE = "RequestsPipeRole"
PIPE_ROLES = {PIPE_ROLE: ("stream", "topic of requests", "dead letters of the pipe", "table key")}

# Every queue with all of its properties. A message is invisible for six times the function's time-out, as Lambda asks,
# and is given up after 6 hours. Of dead letters the time in the queue before counts.
DAY = 24 * 60 * 60
QUEUES = {
    "ProvisioningQueue": {
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 6 * FUNCTIONS["ProvisioningFunction"].timeout,
        "MessageRetentionPeriod": 4 * DAY,
        "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["ProvisioningDeadLetters", "Arn"]},
            "maxReceiveCount": 120,
        },
    },
    "ProvisioningDeadLetters": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * DAY},
    "RequestsPipeDeadLetters": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * DAY},
    "NoticesQueue": {
        "SqsManagedSseEnabled": True,
        # And the batching window.
        "VisibilityTimeout": 6 * FUNCTIONS["NoticesFunction"].timeout + 60,
        "MessageRetentionPeriod": 4 * DAY,
        "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["NoticesDeadLetters", "Arn"]},
            "maxReceiveCount": 52,
        },
    },
    "NoticesDeadLetters": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * DAY},
    "EventsDeadLetters": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * DAY},
    # What an endpoint does not take is sent anew: nothing is received often that anybody can read.
    "WebhooksQueue": {
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 6 * FUNCTIONS["WebhooksFunction"].timeout,
        "MessageRetentionPeriod": 4 * DAY,
        "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["WebhooksDeadLetters", "Arn"]},
            "maxReceiveCount": 60,
        },
    },
    "WebhooksDeadLetters": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * DAY},
}

# Without the report of single failures a batch would be done with what failed in it.
EVENT_SOURCES = {
    "ProvisioningSource": {
        "EventSourceArn": QUEUE_ARN,
        "FunctionName": {"Ref": "ProvisioningFunction"},
        "BatchSize": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    },
    "NoticesSource": {
        "EventSourceArn": NOTICES_QUEUE_ARN,
        "FunctionName": {"Ref": "NoticesFunction"},
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 60,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    },
}

# Of the stream's records those that somebody is told of, or that are audited.
TOLD_OF = [{"prefix": "EVENTS#"}, {"prefix": "AUDIT#"}, {"prefix": "REQUEST#"}, {"prefix": "ENTRY#"}, "POLICIES"]
EVENTS_PATTERN = {"dynamodb": {"Keys": {"pk": {"S": TOLD_OF}}}}
EVENT_SOURCES |= {
    "EventsSource": {
        "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
        "FunctionName": {"Ref": "EventsFunction"},
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 2,
        # The stream forgets after a day, and then nobody could say what was not told.
        "MaximumRecordAgeInSeconds": DAY // 4,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": EVENTS_DEAD_LETTERS_ARN}},
    },
    "WebhooksSource": {
        "EventSourceArn": WEBHOOKS_QUEUE_ARN,
        "FunctionName": {"Ref": "WebhooksFunction"},
        "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    },
}

# Of the stream's records those of requests that are approved or brought again, or what happened to them, and of these the keys alone.
OF_A_REQUEST = {"S": [{"prefix": "REQUEST#"}]}
REQUEST_KEYS = {"pk": OF_A_REQUEST, "sk": {"S": ["CURRENT"]}}
PIPE_PATTERNS = {
    "RequestsPipe": [
        {
            "eventName": ["INSERT", "MODIFY"],
            "dynamodb": {"Keys": REQUEST_KEYS, "NewImage": {"state": {"S": ["approved"]}}},
        },
        {
            "eventName": ["MODIFY"],
            "dynamodb": {"Keys": REQUEST_KEYS, "NewImage": {"brought_again_at": {"N": [{"exists": True}]}}},
        },
        {
            "eventName": ["INSERT"],
            "dynamodb": {
                "Keys": {"pk": OF_A_REQUEST, "sk": {"S": [{"prefix": "HISTORY#"}, {"prefix": "NOTICE#"}]}},
            },
        },
    ],
}


PIPES = {
    "RequestsPipe": {
        "RoleArn": {"Fn::GetAtt": [PIPE_ROLE, "Arn"]},
        "Source": {"Fn::GetAtt": ["Table", "StreamArn"]},
        "SourceParameters.DynamoDBStreamParameters": {
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 10,
            # The stream forgets after a day, and then nobody could say what was not sent.
            "MaximumRecordAgeInSeconds": DAY // 4,
            "OnPartialBatchItemFailure": "AUTOMATIC_BISECT",
            "DeadLetterConfig": {"Arn": PIPE_DEAD_LETTERS_ARN},
        },
        "Target": REQUESTS_TOPIC,
        "TargetParameters": {"InputTemplate": '{"dynamodb": {"Keys": <$.dynamodb.Keys>}}'},
        "Enrichment": None,
        "LogConfiguration": None,
    },
}
# A message has keys and nothing else, so they need no key of their own.
TOPICS: dict[str, Json] = {"RequestsTopic": None, "EventTopic": None}


def subscription(name: str, *sort_keys: Json) -> Json:
    return {
        "TopicArn": REQUESTS_TOPIC,
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": [f"{name}Queue", "Arn"]},
        "RawMessageDelivery": True,
        "FilterPolicyScope": "MessageBody",
        "FilterPolicy": {"dynamodb": {"Keys": {"sk": {"S": list(sort_keys)}}}},
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]}},
    }


# Which changes of requests come to which queue.
SUBSCRIPTIONS = {
    "ProvisioningSubscription": subscription("Provisioning", "CURRENT"),
    "NoticesSubscription": subscription("Notices", {"prefix": "HISTORY#"}, {"prefix": "NOTICE#"}),
}


def filled_by_the_topic(name: str) -> Json:
    queues = (f"{name}Queue", f"{name}DeadLetters")
    statement = {
        "Sid": "OnlyTheTopic",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": [{"Fn::GetAtt": [queue, "Arn"]} for queue in queues],
        "Condition": {"ArnEquals": {"aws:SourceArn": REQUESTS_TOPIC}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Queues": [{"Ref": queue} for queue in queues], "PolicyDocument": policy}


# Roles say who else may send.
QUEUE_POLICIES = {f"{name}QueuePolicy": filled_by_the_topic(name) for name in ("Provisioning", "Notices")}


def of_queue(queue: str) -> Json:
    return [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]


# Alarm -> namespace, metric, dimensions, statistic and threshold.
ALARMS: dict[str, tuple[str, str, Json, str, int]] = {
    "ProvisioningFailedAlarm": (
        "SignUpConnectors",
        "provisionings",
        [{"Name": "outcome", "Value": "failed"}],
        "Sum",
        0,
    ),
    "ProvisioningErrorsAlarm": (
        "AWS/Lambda",
        "Errors",
        [{"Name": "FunctionName", "Value": {"Ref": "ProvisioningFunction"}}],
        "Sum",
        0,
    ),
    "ProvisioningAgeAlarm": (
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        of_queue("ProvisioningQueue"),
        "Maximum",
        300,
    ),
    "ProvisioningDeadLettersAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        of_queue("ProvisioningDeadLetters"),
        "Maximum",
        0,
    ),
    "EventsErrorsAlarm": (
        "AWS/Lambda",
        "Errors",
        [{"Name": "FunctionName", "Value": {"Ref": "EventsFunction"}}],
        "Sum",
        0,
    ),
    "EventsAgeAlarm": (
        "AWS/Lambda",
        "IteratorAge",
        [{"Name": "FunctionName", "Value": {"Ref": "EventsFunction"}}],
        "Maximum",
        300_000,
    ),
    "EventsDeadLettersAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        of_queue("EventsDeadLetters"),
        "Maximum",
        0,
    ),
    "WebhooksErrorsAlarm": (
        "AWS/Lambda",
        "Errors",
        [{"Name": "FunctionName", "Value": {"Ref": "WebhooksFunction"}}],
        "Sum",
        0,
    ),
    "WebhooksDeadLettersAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        of_queue("WebhooksDeadLetters"),
        "Maximum",
        0,
    ),
    "RequestsPipeDeadLettersAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        of_queue("RequestsPipeDeadLetters"),
        "Maximum",
        0,
    ),
    # One run that fails is made up for by the next one.
    "MaintenanceErrorsAlarm": (
        "AWS/Lambda",
        "Errors",
        [{"Name": "FunctionName", "Value": {"Ref": "MaintenanceFunction"}}],
        "Sum",
        1,
    ),
    "MaintenanceSilentAlarm": (
        "AWS/Lambda",
        "Invocations",
        [{"Name": "FunctionName", "Value": {"Ref": "MaintenanceFunction"}}],
        "Sum",
        1,
    ),
    "MaintenanceFindingsAlarm": ("SignUpConnectors", "accounts_missing_count", None, "Sum", 0),
    "MaintenanceUnapprovedAlarm": ("SignUpConnectors", "accounts_unapproved_count", None, "Sum", 0),
    "NoticesRejectedAlarm": (
        "SignUpConnectors",
        "notices",
        [{"Name": "outcome", "Value": "rejected"}],
        "Sum",
        0,
    ),
    "NoticesErrorsAlarm": (
        "AWS/Lambda",
        "Errors",
        [{"Name": "FunctionName", "Value": {"Ref": "NoticesFunction"}}],
        "Sum",
        0,
    ),
    "NoticesAgeAlarm": (
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        of_queue("NoticesQueue"),
        "Maximum",
        900,
    ),
    "NoticesDeadLettersAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        of_queue("NoticesDeadLetters"),
        "Maximum",
        0,
    ),
}
# Those that are not only there where accounts are made.
ALARMS_OF_ALL = ("MaintenanceErrorsAlarm", "MaintenanceSilentAlarm")
# Those of something that should happen and does not.
ALARMS_OF_SILENCE = ("MaintenanceSilentAlarm",)
ALARM_ACTIONS = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], NO_VALUE]}

# What Lambda allows in all. It measures the environment as JSON: quotes, a colon and a comma beside each setting.
ENVIRONMENT_OCTETS = 4096
AROUND_A_SETTING = 6
# Settings that come from no parameter -> how long they are at most. A table's name is a stack's name of 128 with the
# resource's name and what CloudFormation adds; the id of a key is a GUID.
LENGTHS = {
    "Table": 150,
    "RequestsKey": 36,
    "EventBus": 128,
    "EventTopic": 350,
    "WebhooksQueue": 300,
    "AuditBucket": 63,
}

TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "SSESpecification": {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": {"Fn::GetAtt": ["TableKey", "Arn"]},
    },
    "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    "DeletionProtectionEnabled": True,
    "GlobalSecondaryIndexes": None,
    "LocalSecondaryIndexes": None,
}

# Of the table, and of those who apply for an approval.
KEYS = ("TableKey", "RequestsKey")

# The one statement that may say "*": in a key policy that means the key itself, and naming the account's root hands
# the decision to IAM, that is, to the roles above.
KEY_POLICY_STATEMENTS = [
    {
        "Sid": "TheAccountDecidesByIam",
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "kms:*",
        "Resource": "*",
    }
]

# What the access log may hold. Nothing of the caller: no address, no path as it came, no query string.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
}

# The least of the functions' own lines that are kept: every decision is one at INFO.
APPLICATION_LOG_LEVEL = "INFO"
SYSTEM_LOG_LEVEL = {"Ref": "SystemLogLevel"}
# Those that a person or the clock starts, so seldom that what Lambda says of each costs nothing.
KEEPS_LAMBDAS_LINES = ("ApprovalsFunction", "MaintenanceFunction", "NoticesFunction", "ProvisioningFunction")

# What CloudWatch takes from the line of each request: metric -> value, unit and dimensions. Other lines of a function lack one of
# the fields (a test of shared/src/telemetry.rs looks).
REQUEST_LINES = "{ $.step = * && $.outcome = * && $.duration_ms = * }"
FILTERED_METRICS = {
    "decisions": ("1", "Count", ("step", "outcome")),
    "duration_ms": ("$.duration_ms", "Milliseconds", ("step",)),
}

OUTPUT_PATHS = {
    "AfterFederationConnectorUrl": "/connectors/after-federation",
    "BeforeCreatingUserConnectorUrl": "/connectors/before-creating-user",
    "BeforeTokenConnectorUrl": "/connectors/before-token",
    "AttributeCollectionStartExtensionUrl": "/extensions/attribute-collection-start",
    "AttributeCollectionSubmitExtensionUrl": "/extensions/attribute-collection-submit",
    "TokenIssuanceStartExtensionUrl": "/extensions/token-issuance-start",
    "OtpSendExtensionUrl": "/extensions/otp-send",
}
# What an operator's commands take.
OPERATOR_OUTPUTS = {
    "TableName": {"Ref": "Table"},
    "RequestsKeyArn": {"Fn::GetAtt": ["RequestsKey", "Arn"]},
    "ProvisioningQueueUrl": {"Ref": "ProvisioningQueue"},
    "ProvisioningDeadLettersArn": {"Fn::GetAtt": ["ProvisioningDeadLetters", "Arn"]},
    "RequestsPipeDeadLettersUrl": {"Ref": "RequestsPipeDeadLetters"},
    "ConsoleUrl": {"Fn::Sub": "${ConsoleUrl}/console"},
    "ConsoleRedirectUri": {"Fn::Sub": "${ConsoleUrl}/console/signed-in"},
    "NoticesQueueUrl": {"Ref": "NoticesQueue"},
    "NoticesDeadLettersArn": {"Fn::GetAtt": ["NoticesDeadLetters", "Arn"]},
    "EventBusArn": {"Fn::GetAtt": ["EventBus", "Arn"]},
    "EventTopicArn": {"Ref": "EventTopic"},
    "EventsDeadLettersUrl": {"Ref": "EventsDeadLetters"},
    "WebhooksQueueUrl": {"Ref": "WebhooksQueue"},
    "WebhooksDeadLettersArn": {"Fn::GetAtt": ["WebhooksDeadLetters", "Arn"]},
    "AuditBucketName": {"Ref": "AuditBucket"},
}
BASE_URL = {
    "Fn::If": [
        "HasCustomDomain",
        {"Fn::Sub": "https://${CustomDomainName}"},
        {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]},
    ]
}


# --- Reading templates ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be."""

    template: str
    resource: str
    property: str
    found: Json
    expected: Json

    def __str__(self) -> str:
        return (
            f"{self.template}: {self.resource}: {self.property}:"
            f" found {show(self.found)}, expected {show(self.expected)}"
        )


def show(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@dataclass
class Template:
    """A template after the SAM transform."""

    name: str
    document: Json

    @property
    def resources(self) -> dict[str, Json]:
        found: dict[str, Json] = self.document.get("Resources", {})
        return found

    def of_type(self, *types: str) -> dict[str, Json]:
        return {name: body for name, body in self.resources.items() if body.get("Type") in types}

    def get(self, resource: str, path: str) -> Json:
        """The value at a dotted path below a resource, None where any part is missing."""
        value: Json = self.resources.get(resource)
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def expect(self, resource: str, path: str, expected: Json) -> Iterator[Finding]:
        found = self.get(resource, path)
        if not same(found, expected):
            yield self.finding(resource, path, found, expected)

    def finding(self, resource: str, path: str, found: Json, expected: Json) -> Finding:
        return Finding(self.name, resource, path, found, expected)


def same(left: Json, right: Json) -> bool:
    """Equal as JSON, where True is not 1."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def template_names() -> list[str]:
    return [MAIN, *sorted(f"infra/{path.name}" for path in (ROOT / "infra").glob("*.yaml"))]


def load(name: str) -> Template:
    """Reads a template and performs the SAM transform, as CloudFormation does at a deployment."""
    document = yaml_parse((ROOT / name).read_text(encoding="utf-8"))
    if document.get("Transform") != "AWS::Serverless-2016-10-31":
        return Template(name, document)
    # The transform wants to see packaged code, and an AWS region to choose the partition by.
    document["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    no_managed_policies = SimpleNamespace(load=dict)
    return Template(name, transform(document, {}, no_managed_policies))


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


# --- Checks -----------------------------------------------------------------------------------------------------------


def check_table(template: Template) -> Iterator[Finding]:
    for name, expected in TABLE.items():
        yield from template.expect("Table", f"Properties.{name}", expected)
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        # A table, and who is sealed in it, outlives its keys only as noise.
        for resource in ("Table", *KEYS):
            yield from template.expect(resource, policy, "Retain")
    for key in KEYS:
        yield from template.expect(key, "Properties.EnableKeyRotation", True)
        yield from template.expect(key, "Properties.KeyPolicy.Statement", KEY_POLICY_STATEMENTS)
    keys = sorted(template.of_type("AWS::KMS::Key"))
    if keys != sorted(KEYS):
        yield template.finding("(all)", "keys", keys, sorted(KEYS))
    tables = sorted(template.of_type("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"))
    if tables != ["Table"]:
        yield template.finding("(all)", "tables", tables, ["Table"])


def check_functions(template: Template) -> Iterator[Finding]:
    found = sorted(template.of_type("AWS::Lambda::Function"))
    if found != sorted(FUNCTIONS):
        yield template.finding("(all)", "functions", found, sorted(FUNCTIONS))
    for name, function in FUNCTIONS.items():
        for path, expected in (
            ("Properties.Runtime", "provided.al2023"),
            ("Properties.Architectures", ["arm64"]),
            ("Properties.Handler", "bootstrap"),
            ("Properties.Timeout", function.timeout),
            ("Properties.MemorySize", {"Ref": "MemorySize"}),
            ("Properties.ReservedConcurrentExecutions", function.reserved),
            ("Metadata.BuildMethod", "rust-cargolambda"),
            ("Metadata.BuildProperties.Binary", function.binary),
            ("Condition", function.only_if),
        ):
            yield from template.expect(name, path, expected)


def check_environment(template: Template) -> Iterator[Finding]:
    for name, function in FUNCTIONS.items():
        expected: Json = {setting: {"Ref": source} for setting, source in (ENVIRONMENT | function.environment).items()}
        expected |= dict.fromkeys(function.unused, "")
        yield from template.expect(name, "Properties.Environment.Variables", expected)
    own = ({"WEBHOOKS_IN_FLIGHT": "WebhooksInFlight"}, MAIL_ENVIRONMENT, NOTICES_ENVIRONMENT, PROVISIONING_ENVIRONMENT, MAINTENANCE_ENVIRONMENT, CONSOLE_ENVIRONMENT)
    parameters = {parameter for settings in (ENVIRONMENT, *own) for parameter in settings.values()}
    for parameter in parameters - set(LENGTHS):
        if parameter not in template.document["Parameters"]:
            yield template.finding("Parameters", parameter, None, "a parameter")


def check_environment_fits(template: Template) -> Iterator[Finding]:
    """Whatever the parameters are, the environment has room."""
    for name in FUNCTIONS:
        variables = template.get(name, "Properties.Environment.Variables") or {}
        octets = sum(
            len(setting) + longest(template, value) + AROUND_A_SETTING for setting, value in variables.items()
        )
        if octets > ENVIRONMENT_OCTETS:
            path = "Properties.Environment.Variables"
            yield template.finding(name, path, f"up to {octets} octets", f"at most {ENVIRONMENT_OCTETS}")


def longest(template: Template, value: Json) -> int:
    """How many octets a setting may have."""
    if isinstance(value, str):
        return len(value)
    if value["Ref"] in LENGTHS:
        return LENGTHS[value["Ref"]]
    match template.document["Parameters"].get(value["Ref"]):
        case {"AllowedValues": values}:
            return max(len(str(one)) for one in values)
        case {"MaxValue": most}:
            return len(str(most))
        case {"MaxLength": most}:
            return int(most)
    # No more than everything: a text without a bound never fits.
    return ENVIRONMENT_OCTETS


def check_settings_of_the_program(template: Template) -> Iterator[Finding]:
    """The environment has each setting that the program reads, and none that it does not."""
    for name, function in FUNCTIONS.items():
        sources = (SETTINGS_SOURCE, *function.settings)
        expected = sorted(setting for source in sources for setting in settings_of(source))
        found = sorted(template.get(name, "Properties.Environment.Variables") or {})
        if found != expected:
            told = ", ".join(str(source.relative_to(ROOT)) for source in sources)
            path = f"Properties.Environment.Variables beside NAMES of {told}"
            yield template.finding(name, path, found, expected)


def settings_of(source: Path) -> list[str]:
    names = SETTINGS_NAMES.search(source.read_text(encoding="utf-8"))
    read = re.findall(r'"(\w+)"', names["names"]) if names else []
    # Those of AWS are set by Lambda, and here to nothing.
    return [name for name in read if not name.startswith("AWS_")]


def check_log_groups(template: Template) -> Iterator[Finding]:
    seen: set[str] = set()
    for function in FUNCTIONS:
        level = "INFO" if function in KEEPS_LAMBDAS_LINES else SYSTEM_LOG_LEVEL
        for path, expected in (
            ("LogFormat", "JSON"),
            ("ApplicationLogLevel", APPLICATION_LOG_LEVEL),
            ("SystemLogLevel", level),
        ):
            yield from template.expect(function, f"Properties.LoggingConfig.{path}", expected)
        group = log_group(template, function)
        if group not in template.of_type("AWS::Logs::LogGroup") or group in seen:
            path = "Properties.LoggingConfig.LogGroup"
            yield template.finding(function, path, template.get(function, path), "Ref of a log group of its own")
        seen.add(group)
    default = template.document["Parameters"].get("SystemLogLevel", {}).get("Default")
    if default != "WARN":
        yield template.finding("Parameters", "SystemLogLevel.Default", default, "WARN")
    for group in template.of_type("AWS::Logs::LogGroup"):
        yield from template.expect(group, "Properties.RetentionInDays", {"Ref": "LogRetentionDays"})


def log_group(template: Template, function: str) -> str:
    return str((template.get(function, "Properties.LoggingConfig.LogGroup") or {}).get("Ref"))


def check_metric_filters(template: Template) -> Iterator[Finding]:
    """Every decision is counted, and how long it took, once."""
    expected = {
        show((log_group(template, name), metric)): expected_filter(template, name, metric)
        for name, function in FUNCTIONS.items()
        if function.decides
        for metric in FILTERED_METRICS
    }
    found: dict[str, str] = {}
    for name, body in template.of_type("AWS::Logs::MetricFilter").items():
        group = (template.get(name, "Properties.LogGroupName") or {}).get("Ref")
        metric = as_list(template.get(name, "Properties.MetricTransformations"))[0].get("MetricName")
        place = show((group, metric))
        if place in found or not same(body, expected.get(place)):
            yield template.finding(name, "all of it", body, expected.get(place, "no such metric filter"))
        found[place] = name
    for place in sorted(set(expected) - set(found)):
        yield template.finding("(all)", "metric filters", f"none for {place}", expected[place])


def expected_filter(template: Template, function: str, metric: str) -> Json:
    value, unit, dimensions = FILTERED_METRICS[metric]
    transformation = {
        "MetricNamespace": "SignUpConnectors",
        "MetricName": metric,
        "MetricValue": value,
        "Unit": unit,
        "Dimensions": [{"Key": name, "Value": f"$.{name}"} for name in dimensions],
    }
    properties = {
        "LogGroupName": {"Ref": log_group(template, function)},
        "FilterPattern": REQUEST_LINES,
        "MetricTransformations": [transformation],
    }
    expected = {"Type": "AWS::Logs::MetricFilter", "Properties": properties}
    only_if = FUNCTIONS[function].only_if
    return expected if only_if is None else {**expected, "Condition": only_if}


def check_roles(template: Template) -> Iterator[Finding]:
    """Each function has a role of its own, and the role allows what the function's ports need and nothing else."""
    roles: dict[str, str] = {}
    for name, function in FUNCTIONS.items():
        role = (template.get(name, "Properties.Role") or {}).get("Fn::GetAtt", [""])[0]
        if role not in template.of_type("AWS::IAM::Role") or role in roles:
            found = template.get(name, "Properties.Role")
            yield template.finding(name, "Properties.Role", found, "Fn::GetAtt of a role of its own")
            continue
        roles[role] = name
        own_log = {"Fn::GetAtt": [log_group(template, name), "Arn"]}
        yield from check_role(template, role, taken_by("lambda"), expected_statements(function.ports, own_log))
    of_this_account = {"Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}
    by_the_pipe = taken_by("pipes") | of_this_account
    for role, ports in PIPE_ROLES.items():
        roles[role] = "a pipe"
        yield from check_role(template, role, by_the_pipe, expected_statements(ports))
    for role in sorted(set(template.of_type("AWS::IAM::Role")) - set(roles)):
        yield template.finding(role, "Type", "AWS::IAM::Role", "no role without a function in FUNCTIONS, or a pipe")
    # A policy resource could widen a role from outside.
    for name, body in template.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy").items():
        yield template.finding(name, "Type", body["Type"], "policies written in the role itself")


def taken_by(service: str) -> Json:
    return {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}


def expected_statements(ports: tuple[str, ...], own_log: Json = None) -> list[Json]:
    return [expected_statement(PORTS[port], own_log) for port in ports]


def expected_statement(port: Port, own_log: Json) -> Json:
    statement = normal_statement("Allow", list(port.actions), port.resource or own_log, port.condition)
    return statement if port.only_if is None else {ONLY_IF: port.only_if, **statement}


# Where a statement's condition of the template stands in the comparison.
ONLY_IF = "(only if)"


def flat_statements(statements: Json) -> Iterator[Json]:
    """Each statement of a policy, one that the template adds by a condition with that condition's name."""
    for statement in as_list(statements):
        match statement.get("Fn::If"):
            case [only_if, dict(inner), {"Ref": "AWS::NoValue"}]:
                yield {ONLY_IF: only_if, **inner}
            case _:
                yield statement


def normal_statement(effect: str, actions: list[str], resource: Json, condition: Json) -> Json:
    return {"Effect": effect, "Action": sorted(actions), "Resource": as_list(resource), "Condition": condition}


def check_role(template: Template, role: str, trust: Json, expected: list[Json]) -> Iterator[Finding]:
    yield from template.expect(role, "Properties.ManagedPolicyArns", None)
    yield from template.expect(role, "Properties.AssumeRolePolicyDocument.Statement", [trust])
    found = [
        # A key that a statement here has no business with, such as NotAction, must not drop out of the comparison.
        {
            **{key: value for key, value in statement.items() if key != "Sid"},
            **normal_statement(
                statement.get("Effect"),
                as_list(statement.get("Action", [])),
                statement.get("Resource", []),
                statement.get("Condition"),
            ),
        }
        for policy in template.get(role, "Properties.Policies") or []
        for statement in flat_statements(policy["PolicyDocument"]["Statement"])
    ]
    for statement in found:
        if not any(same(statement, other) for other in expected):
            yield template.finding(role, "Properties.Policies", statement, "no such statement: no port needs it")
    for statement in expected:
        if not any(same(statement, other) for other in found):
            yield template.finding(role, "Properties.Policies", "no such statement", statement)


def check_statements(template: Template) -> Iterator[Finding]:
    """No grant anywhere is wider than it can be written, and nothing may scan a table."""
    for resource, body in template.resources.items():
        is_key = body.get("Type") == "AWS::KMS::Key"  # its whole policy is compared in check_table
        for statement in [] if is_key else statements_in(body):
            # Denying widely is the safe direction.
            if statement["Effect"] == "Deny":
                continue
            for key in ("NotAction", "NotResource", "NotPrincipal"):
                if key in statement:
                    yield template.finding(
                        resource, key, statement[key], f"{key.removeprefix('Not')}, named one by one"
                    )
            for action in as_list(statement.get("Action", [])):
                if "*" in action:
                    yield template.finding(resource, "Action", action, "an action without a wildcard")
                if action.lower() == "dynamodb:scan":
                    yield template.finding(resource, "Action", action, "no Scan in any role")
            for target in as_list(statement.get("Resource", [])):
                if "*" in json.dumps(target) and not any(same(target, wide) for wide in WIDE_ON_PURPOSE):
                    yield template.finding(resource, "Resource", target, "a resource without a wildcard")


def statements_in(value: Json) -> Iterator[Json]:
    """Every policy statement below a value, wherever it stands."""
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        for child in value.values():
            yield from statements_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from statements_in(child)


def check_api(template: Template) -> Iterator[Finding]:
    found = sorted(template.of_type("AWS::ApiGatewayV2::Api"))
    if found != ["HttpApi"]:
        yield template.finding("(all)", "HTTP APIs", found, ["HttpApi"])
    yield from template.expect("HttpApi", "Properties.ProtocolType", "HTTP")
    off_with_domain = {"Fn::If": ["HasCustomDomain", True, False]}
    yield from template.expect("HttpApi", "Properties.DisableExecuteApiEndpoint", off_with_domain)


def check_stage(template: Template) -> Iterator[Finding]:
    found = sorted(template.of_type("AWS::ApiGatewayV2::Stage"))
    if found != ["DefaultStage"]:
        yield template.finding("(all)", "stages", found, ["DefaultStage"])
    for path, expected in (
        ("ApiId", {"Ref": "HttpApi"}),
        ("StageName", "$default"),
        ("AutoDeploy", True),
        ("DefaultRouteSettings.ThrottlingRateLimit", {"Ref": "ThrottlingRateLimit"}),
        ("DefaultRouteSettings.ThrottlingBurstLimit", {"Ref": "ThrottlingBurstLimit"}),
        # A route's own settings would silently replace the throttling above.
        ("RouteSettings", None),
        ("AccessLogSettings.DestinationArn", {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}),
    ):
        yield from template.expect("DefaultStage", f"Properties.{path}", expected)
    path = "Properties.AccessLogSettings.Format"
    access_log = read_json(template.get("DefaultStage", path))
    if not same(access_log, ACCESS_LOG):
        yield template.finding("DefaultStage", path, access_log, ACCESS_LOG)


def check_routes(template: Template) -> Iterator[Finding]:
    """Each route reaches its function, and there is no other route."""
    expected = {route: name for name, function in FUNCTIONS.items() for route in function.routes}
    found: dict[str, str] = {}
    for resource, body in template.of_type("AWS::ApiGatewayV2::Route").items():
        key = body["Properties"].get("RouteKey")
        found[key] = resource
        yield from template.expect(resource, "Properties.ApiId", {"Ref": "HttpApi"})
        reached = route_target(template, body)
        if key not in expected or reached != expected[key]:
            path = f"Properties.Target of {key}"
            yield template.finding(resource, path, reached, expected.get(key, "no such route"))
    for key in sorted(set(expected) - set(found)):
        yield template.finding("(all)", "routes", f"no route {key}", f"{key} to {expected[key]}")


def route_target(template: Template, route: Json) -> Json:
    """The function a route ends at, by way of its integration."""
    target = (route["Properties"].get("Target") or {}).get("Fn::Sub", "")
    integration = target.removeprefix("integrations/${").removesuffix("}")
    return integrated(template, integration)


def integrated(template: Template, integration: str) -> Json:
    """The function that an integration calls."""
    uri = template.get(integration, "Properties.IntegrationUri") or {}
    return uri.get("Fn::GetAtt", [None])[0]


def check_integrations(template: Template) -> Iterator[Finding]:
    for name in template.of_type("AWS::ApiGatewayV2::Integration"):
        reached = integrated(template, name)
        timeout = FUNCTIONS[reached].timeout if reached in FUNCTIONS else TIMEOUT_SECONDS
        for path, expected in (
            ("ApiId", {"Ref": "HttpApi"}),
            ("IntegrationType", "AWS_PROXY"),
            ("PayloadFormatVersion", "2.0"),
            # Longer than the functions' timeout, so that it is Lambda that ends and logs a function that hangs.
            ("TimeoutInMillis", timeout * 1000 + 500),
        ):
            yield from template.expect(name, f"Properties.{path}", expected)


def check_permissions(template: Template) -> Iterator[Finding]:
    """Only this stack's API or schedule may invoke a function; a queue's messages are fetched by the function's own role."""
    allowed: list[str] = []
    for name, body in template.of_type("AWS::Lambda::Permission").items():
        called = (body["Properties"].get("FunctionName") or {}).get("Ref", "")
        allowed.append(called)
        principal, source = caller_of(FUNCTIONS.get(called))
        yield from template.expect(name, "Properties.Action", "lambda:InvokeFunction")
        yield from template.expect(name, "Properties.Principal", principal)
        yield from template.expect(name, "Properties.SourceArn", source)
    expected = sorted(name for name, function in FUNCTIONS.items() if function.routes or function.schedule)
    if sorted(allowed) != expected:
        yield template.finding("(all)", "permissions to invoke", sorted(allowed), expected)


def caller_of(function: Function | None) -> tuple[str, Json]:
    """Who invokes a function, and from where."""
    if function and function.schedule:
        return "events.amazonaws.com", {"Fn::GetAtt": [function.schedule, "Arn"]}
    this_api = {"Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*"}
    return "apigateway.amazonaws.com", this_api


def check_schedules(template: Template) -> Iterator[Finding]:
    """What runs by the clock does, and what it has not done is left to the next run."""
    expected = {function.schedule: name for name, function in FUNCTIONS.items() if function.schedule}
    found = sorted(template.of_type("AWS::Events::Rule", "AWS::Scheduler::Schedule"))
    if found != sorted(expected):
        yield template.finding("(all)", "schedules", found, sorted(expected))
    for rule, name in expected.items():
        target = {"Id": FUNCTIONS[name].binary, "Arn": {"Fn::GetAtt": [name, "Arn"]}}
        for path, value in (
            ("Properties.ScheduleExpression", "rate(15 minutes)"),
            ("Properties.State", "ENABLED"),
            ("Properties.Targets", [target]),
            ("Condition", FUNCTIONS[name].only_if),
        ):
            yield from template.expect(rule, path, value)
    retries = {
        (body["Properties"].get("FunctionName") or {}).get("Ref"): body["Properties"].get("MaximumRetryAttempts")
        for body in template.of_type("AWS::Lambda::EventInvokeConfig").values()
    }
    if retries != dict.fromkeys(expected.values(), 0):
        yield template.finding("(all)", "retries", retries, dict.fromkeys(expected.values(), 0))


def check_queues(template: Template) -> Iterator[Finding]:
    yield from check_all(template, QUEUES, "AWS::SQS::Queue")
    for name, expected in QUEUES.items():
        yield from template.expect(name, "Properties", expected)
    # Roles say who may send, and no one else's account may.
    yield from check_each(template, QUEUE_POLICIES, "AWS::SQS::QueuePolicy")
    for name, body in template.of_type("AWS::SQS::QueueInlinePolicy", "AWS::SNS::TopicPolicy").items():
        yield template.finding(name, "Type", body["Type"], "nothing that is open to others")


def check_topics(template: Template) -> Iterator[Finding]:
    """What the pipe sends comes to the queue that it is for."""
    yield from check_each(template, TOPICS, "AWS::SNS::Topic")
    yield from check_each(template, SUBSCRIPTIONS, "AWS::SNS::Subscription")


def check_each(template: Template, expected: dict[str, Json], kind: str) -> Iterator[Finding]:
    """There are these resources of a type with all of their properties, and no others."""
    yield from check_all(template, expected, kind)
    for name, properties in expected.items():
        yield from template.expect(name, "Properties", properties)


def check_all(
    template: Template, expected: Iterable[str], kind: str, always: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """There are these resources of a type and no others, and only where their function is."""
    found = sorted(template.of_type(kind))
    if found != sorted(expected):
        yield template.finding("(all)", kind, found, sorted(expected))
    for name in expected:
        only_if = next((only_if for start, only_if in ONLY_WHERE.items() if name.startswith(start)), None)
        yield from template.expect(name, "Condition", None if name in always else only_if)


def check_pipe(template: Template) -> Iterator[Finding]:
    """What the stream has of requests comes to the queue that it is for, and nothing else does."""
    yield from check_all(template, PIPES, "AWS::Pipes::Pipe")
    path = "Properties.SourceParameters.FilterCriteria.Filters"
    for name, properties in PIPES.items():
        for property, expected in properties.items():
            yield from template.expect(name, f"Properties.{property}", expected)
        patterns = [read_json(one.get("Pattern")) for one in template.get(name, path) or []]
        if not same(patterns, PIPE_PATTERNS[name]):
            yield template.finding(name, path, patterns, PIPE_PATTERNS[name])


def read_json(text: Json) -> Json:
    """The text itself where it is no JSON."""
    try:
        return json.loads(text or "")
    except ValueError:
        return text


def check_event_source(template: Template) -> Iterator[Finding]:
    yield from check_all(template, EVENT_SOURCES, "AWS::Lambda::EventSourceMapping")
    for name, expected in EVENT_SOURCES.items():
        for property, value in expected.items():
            yield from template.expect(name, f"Properties.{property}", value)
        others = sorted(set(template.get(name, "Properties") or {}) - set(expected) - {"FilterCriteria"})
        if others:
            yield template.finding(name, "Properties", others, "no other property")
    path = "Properties.FilterCriteria.Filters"
    patterns = [read_json(one.get("Pattern")) for one in template.get("EventsSource", path) or []]
    if not same(patterns, [EVENTS_PATTERN]):
        yield template.finding("EventsSource", path, patterns, [EVENTS_PATTERN])


def check_alarms(template: Template) -> Iterator[Finding]:
    yield from check_all(template, ALARMS, "AWS::CloudWatch::Alarm", ALARMS_OF_ALL)
    for name, (namespace, metric, dimensions, statistic, threshold) in ALARMS.items():
        silence = name in ALARMS_OF_SILENCE
        for path, expected in (
            ("Namespace", namespace),
            ("MetricName", metric),
            ("Dimensions", dimensions),
            ("Statistic", statistic),
            ("Threshold", threshold),
            ("ComparisonOperator", "LessThanThreshold" if silence else "GreaterThanThreshold"),
            ("EvaluationPeriods", 1),
            ("TreatMissingData", "breaching" if silence else "notBreaching"),
            ("AlarmActions", ALARM_ACTIONS),
            ("OKActions", ALARM_ACTIONS),
        ):
            yield from template.expect(name, f"Properties.{path}", expected)


def check_parameters(template: Template) -> Iterator[Finding]:
    for name, parameter in template.document.get("Parameters", {}).items():
        if not parameter.get("Description"):
            yield template.finding("Parameters", f"{name}.Description", None, "a description")
        bounded = "MinValue" in parameter and "MaxValue" in parameter
        if not ("AllowedPattern" in parameter or "AllowedValues" in parameter or bounded):
            keys = sorted(parameter)
            yield template.finding("Parameters", name, keys, "AllowedPattern, AllowedValues, or MinValue and MaxValue")
        # AllowedValues explain themselves in CloudFormation's own message; a pattern does not.
        if "AllowedPattern" in parameter and not parameter.get("ConstraintDescription"):
            yield template.finding("Parameters", f"{name}.ConstraintDescription", None, "what the pattern means")


def check_defaults(template: Template) -> Iterator[Finding]:
    """A first deployment asks nothing."""
    for name, parameter in template.document.get("Parameters", {}).items():
        if "Default" not in parameter:
            yield template.finding("Parameters", f"{name}.Default", None, "a default")


def check_outputs(template: Template) -> Iterator[Finding]:
    outputs = template.document.get("Outputs", {})
    for name, path in OUTPUT_PATHS.items():
        expected = {"Fn::Sub": [f"${{BaseUrl}}{path}", {"BaseUrl": BASE_URL}]}
        found = outputs.get(name, {}).get("Value")
        if not same(found, expected):
            yield template.finding("Outputs", name, found, expected)
    for name, expected in OPERATOR_OUTPUTS.items():
        found = outputs.get(name, {}).get("Value")
        if not same(found, expected):
            yield template.finding("Outputs", name, found, expected)


def check_nested_stack(template: Template) -> Iterator[Finding]:
    """The nested template gets a value for every parameter it has."""
    yield from template.expect("CustomDomain", "Condition", "HasCustomDomain")
    yield from template.expect("CustomDomain", "Properties.TemplateURL", CUSTOM_DOMAIN)
    given = sorted(template.get("CustomDomain", "Properties.Parameters") or {})
    wanted = sorted(load(CUSTOM_DOMAIN).document["Parameters"])
    if given != wanted:
        yield template.finding("CustomDomain", "Properties.Parameters", given, wanted)


def check_domain(template: Template) -> Iterator[Finding]:
    mutual_tls = {
        "Fn::If": [
            "HasTruststore",
            {
                "TruststoreUri": {"Ref": "TruststoreUri"},
                "TruststoreVersion": {
                    "Fn::If": ["HasTruststoreVersion", {"Ref": "TruststoreVersion"}, {"Ref": "AWS::NoValue"}]
                },
            },
            {"Ref": "AWS::NoValue"},
        ]
    }
    yield from template.expect("Domain", "Properties.MutualTlsAuthentication", mutual_tls)
    for configuration in template.get("Domain", "Properties.DomainNameConfigurations") or [{}]:
        if configuration.get("SecurityPolicy") != "TLS_1_2":
            path = "Properties.DomainNameConfigurations.SecurityPolicy"
            yield template.finding("Domain", path, configuration.get("SecurityPolicy"), "TLS_1_2")


def check_audit_bucket(template: Template) -> Iterator[Finding]:
    """What was audited stays as it was, and outlives the stack."""
    lock = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": {"Ref": "AuditLockMode"}, "Days": {"Ref": "AuditLockDays"}}},
    }
    for path, expected in (
        ("Condition", "TellsEvents"),
        ("DeletionPolicy", "Retain"),
        ("UpdateReplacePolicy", "Retain"),
        ("Properties.ObjectLockEnabled", True),
        ("Properties.ObjectLockConfiguration", lock),
    ):
        yield from template.expect("AuditBucket", path, expected)
    yield from check_bucket(template, "AuditBucket")
    yield from check_denied(template, "AuditBucket", "s3:PutObject", {"Null": {"s3:if-none-match": "true"}})


def check_truststore_bucket(template: Template) -> Iterator[Finding]:
    yield from check_bucket(template, "TruststoreBucket")


def check_bucket(template: Template, bucket: str) -> Iterator[Finding]:
    """Closed to others, encrypted, with every version, and reached over TLS alone."""
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for path, expected in (
        ("VersioningConfiguration.Status", "Enabled"),
        ("PublicAccessBlockConfiguration", dict.fromkeys(blocked, True)),
        (
            "BucketEncryption.ServerSideEncryptionConfiguration",
            [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}],
        ),
    ):
        yield from template.expect(bucket, f"Properties.{path}", expected)
    yield from check_denied(template, bucket, "s3:*", {"Bool": {"aws:SecureTransport": "false"}})


def check_denied(template: Template, bucket: str, action: str, condition: Json) -> Iterator[Finding]:
    """Nobody may do this with a bucket under this condition."""
    denied = {"Effect": "Deny", "Principal": "*", "Action": action, "Condition": condition}
    statements = list(statements_in(template.resources.get(f"{bucket}Policy")))
    if not any(all(same(s.get(member), value) for member, value in denied.items()) for s in statements):
        path = "Properties.PolicyDocument.Statement"
        yield template.finding(f"{bucket}Policy", path, statements, json.dumps(denied))


Check = Callable[[Template], Iterator[Finding]]

EVERY_TEMPLATE: tuple[Check, ...] = (check_statements, check_parameters)
CHECKS: dict[str, tuple[Check, ...]] = {
    MAIN: (
        *EVERY_TEMPLATE,
        check_table,
        check_functions,
        check_environment,
        check_environment_fits,
        check_settings_of_the_program,
        check_log_groups,
        check_metric_filters,
        check_roles,
        check_api,
        check_stage,
        check_routes,
        check_integrations,
        check_permissions,
        check_schedules,
        check_queues,
        check_topics,
        check_event_source,
        check_pipe,
        check_audit_bucket,
        check_alarms,
        check_defaults,
        check_outputs,
        check_nested_stack,
    ),
    CUSTOM_DOMAIN: (*EVERY_TEMPLATE, check_domain, check_truststore_bucket),
}


def findings(template: Template) -> list[Finding]:
    checks = CHECKS.get(template.name, EVERY_TEMPLATE)
    return [finding for check in checks for finding in check(template)]


# --- The self-test ----------------------------------------------------------------------------------------------------

REMOVED = object()


@dataclass(frozen=True)
class Mutation:
    """One way to break a template.

    The path goes through maps by name and through lists by index, with "+" for a new entry at the end.
    """

    what: str
    path: str
    value: Any = REMOVED

    def apply(self, template: Template) -> Template:
        document = copy.deepcopy(template.document)
        *parents, last = (int(part) if part.isdigit() else part for part in self.path.split("."))
        node = document
        for part in parents:
            node = node[part]
        if self.value is REMOVED:
            del node[last]
        elif last == "+":
            node.append(self.value)
        else:
            node[last] = self.value
        if same(document, template.document):
            raise ValueError(f"{template.name}: {self.what}: the mutation changes nothing at {self.path}")
        return Template(template.name, document)


def of(name: str, path: str, what: str, value: Any = REMOVED) -> Mutation:
    """Breaks a property of a resource."""
    return Mutation(f"{name}: {what}", f"Resources.{name}.Properties.{path}", value)


def whole(name: str, what: str, value: Any = REMOVED) -> Mutation:
    """Removes a resource, or adds one."""
    return Mutation(f"{name}: {what}", f"Resources.{name}", value)


def granted(role: str, path: str, what: str, value: Any = REMOVED) -> Mutation:
    """Breaks a role's statement, by its place in the template."""
    return of(role, f"Policies.0.PolicyDocument.Statement.{path}", what, value)


SETTINGS = "Environment.Variables"
STREAM = "SourceParameters.DynamoDBStreamParameters"
SCAN = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": TABLE_ARN}
GET_ANYTHING = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
ANY_LOG = {"Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:*"}
CATCH_ALL = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": "HttpApi"}, "RouteKey": "$default"}}
WITH_ADDRESS = json.dumps(ACCESS_LOG | {"ip": "$context.identity.sourceIp"})

# For each check of each template the mutations that it must notice.
MUTATIONS: dict[str, dict[Check, tuple[Mutation, ...]]] = {
    MAIN: {
        check_table: (
            of("Table", "TimeToLiveSpecification", "no TTL"),
            of("Table", "TimeToLiveSpecification.AttributeName", "TTL on another attribute", "expires"),
            of("Table", "PointInTimeRecoverySpecification", "no PITR"),
            of("Table", "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "PITR off", False),
            of("Table", "SSESpecification", "no KMS"),
            of("Table", "SSESpecification.KMSMasterKeyId", "not our key"),
            of("Table", "StreamSpecification", "no stream"),
            of("Table", "StreamSpecification.StreamViewType", "stream without old images", "NEW_IMAGE"),
            of("Table", "DeletionProtectionEnabled", "no deletion protection", False),
            of("Table", "BillingMode", "provisioned capacity", "PROVISIONED"),
            of("Table", "GlobalSecondaryIndexes", "an index", [{"IndexName": "by-owner"}]),
            Mutation("table deleted with the stack", "Resources.Table.DeletionPolicy", "Delete"),
            Mutation("table deleted when replaced", "Resources.Table.UpdateReplacePolicy"),
            Mutation("key deleted with the stack", "Resources.TableKey.DeletionPolicy", "Delete"),
            of("TableKey", "EnableKeyRotation", "no rotation", False),
            Mutation("applicants' key deleted with the stack", "Resources.RequestsKey.DeletionPolicy", "Delete"),
            of("RequestsKey", "EnableKeyRotation", "no rotation", False),
            of("RequestsKey", "KeyPolicy.Statement.0.Principal", "open to everyone", "*"),
            whole("OtherKey", "a key more", {"Type": "AWS::KMS::Key", "Properties": {}}),
            of("TableKey", "KeyPolicy.Statement.0.Principal", "open to everyone", "*"),
            whole("Other", "a second table", {"Type": "AWS::DynamoDB::Table", "Properties": {}}),
        ),
        check_functions: (
            of("BeforeTokenFunction", "Architectures", "x86_64", ["x86_64"]),
            of("AfterFederationFunction", "Runtime", "older runtime", "provided.al2"),
            of("BeforeTokenFunction", "Timeout", "default timeout"),
            of("AfterFederationFunction", "Timeout", "long timeout", 30),
            of("BeforeTokenFunction", "ReservedConcurrentExecutions", "no reserved concurrency"),
            Mutation("mail without a sender", "Resources.OtpSendFunction.Condition"),
            Mutation("notices without a sender", "Resources.NoticesFunction.Condition", "SendsMail"),
            Mutation("accounts without a tenant", "Resources.ProvisioningFunction.Condition"),
            Mutation("a console without an address", "Resources.ApprovalsFunction.Condition"),
            of("ApprovalsFunction", "Timeout", "no time for a sign-in", 5),
            of("ProvisioningFunction", "Timeout", "no time for an attempt", 5),
            of("MaintenanceFunction", "Timeout", "no time for a long queue", 5),
            of("ProvisioningFunction", "ReservedConcurrentExecutions", "reserved for nobody", RESERVED),
            Mutation(
                "another function's binary",
                "Resources.BeforeTokenFunction.Metadata.BuildProperties.Binary",
                "after-federation",
            ),
            whole("Spare", "an unknown function", {"Type": "AWS::Lambda::Function", "Properties": {}}),
        ),
        check_environment: (
            of("BeforeTokenFunction", f"{SETTINGS}.ENTRA_AUDIENCES", "a setting missing in one function"),
            of("AfterFederationFunction", f"{SETTINGS}.DEBUG", "a setting only one function has", "1"),
            of("AfterFederationFunction", f"{SETTINGS}.MAIL_FROM", "a setting of mail", {"Ref": "MailFrom"}),
            of("OtpSendFunction", f"{SETTINGS}.SMTP_SECRET", "a setting of mail missing"),
            of("BeforeTokenFunction", f"{SETTINGS}.REQUESTS_KEY", "a setting of requests", {"Ref": "RequestsKey"}),
            of("BeforeCreatingUserFunction", f"{SETTINGS}.REQUESTS_KEY", "the table's key", {"Ref": "TableKey"}),
            of("AfterFederationFunction", f"{SETTINGS}.DEFAULT_EFFECT", "another parameter", {"Ref": "OnUnavailable"}),
            of("OtpSendFunction", f"{SETTINGS}.CLIENT_CERTIFICATES", "not empty", {"Ref": "ClientCertificates"}),
            of("ProvisioningFunction", f"{SETTINGS}.USER_FLOWS", "not empty", {"Ref": "UserFlows"}),
            of("MaintenanceFunction", f"{SETTINGS}.REQUESTS_KEY", "a key of applicants", {"Ref": "RequestsKey"}),
            of("MaintenanceFunction", f"{SETTINGS}.GUESTS_NEED_APPROVAL", "another parameter", {"Ref": "InviteSendMessage"}),
            Mutation("a setting of guests without its parameter", "Parameters.GuestsNeedApproval"),
            of("ProvisioningFunction", f"{SETTINGS}.GRAPH_URL", "another URL", {"Ref": "GraphTokenUrl"}),
            Mutation("a setting of accounts without its parameter", "Parameters.GuestMarker"),
            of("ApprovalsFunction", f"{SETTINGS}.CONSOLE_TENANT_ID", "another tenant", {"Ref": "EntraTenantId"}),
            of("ApprovalsFunction", f"{SETTINGS}.ENTRA_AUDIENCES", "not empty", {"Ref": "EntraAudiences"}),
            Mutation("a setting of the console without its parameter", "Parameters.ConsoleAuthority"),
            Mutation("a setting without its parameter", "Parameters.ApiVersion"),
        ),
        check_environment_fits: (
            Mutation("longer free texts", "Parameters.PrivateHosts.MaxLength", 2000),
            Mutation("a free text without a bound", "Parameters.EntraAudiences.MaxLength"),
            of("OtpSendFunction", f"{SETTINGS}.CLIENT_CERTIFICATES", "no room for mail", {"Ref": "ClientCertificates"}),
            Mutation("an invitation's URL without a bound", "Parameters.InviteRedirectUrl.MaxLength"),
            Mutation("the console's URL without a bound", "Parameters.ConsoleUrl.MaxLength"),
        ),
        check_settings_of_the_program: (
            of("BeforeTokenFunction", f"{SETTINGS}.ENTRA_AUDIENCES", "a setting not offered"),
            of("BeforeTokenFunction", f"{SETTINGS}.DEBUG", "a setting that nothing reads", "1"),
            of("OtpSendFunction", f"{SETTINGS}.MAIL_FROM", "a setting of mail not offered"),
            of("BeforeCreatingUserFunction", f"{SETTINGS}.REQUESTS_KEY", "a setting of requests not offered"),
            of("ProvisioningFunction", f"{SETTINGS}.REQUESTS_KEY", "a setting of requests not offered"),
            of("ProvisioningFunction", f"{SETTINGS}.GUEST_MARKER", "a setting of accounts not offered"),
            of("ApprovalsFunction", f"{SETTINGS}.CONSOLE_SECRET", "a setting of the console not offered"),
        ),
        check_log_groups: (
            of("BeforeTokenLogGroup", "RetentionInDays", "kept for ever"),
            of("AccessLogGroup", "RetentionInDays", "kept for ever"),
            of("BeforeTokenFunction", "LoggingConfig.LogFormat", "text logs", "Text"),
            of("BeforeTokenFunction", "LoggingConfig.LogGroup", "default log group"),
            of("BeforeTokenFunction", "LoggingConfig.LogGroup", "shared", {"Ref": "AfterFederationLogGroup"}),
            of("AfterFederationFunction", "LoggingConfig.ApplicationLogLevel", "decisions not logged", "WARN"),
            of("BeforeTokenFunction", "LoggingConfig.ApplicationLogLevel", "Lambda's own choice of lines"),
            of("BeforeCreatingUserFunction", "LoggingConfig.SystemLogLevel", "a report of each decision", "INFO"),
            of("EventsFunction", "LoggingConfig.SystemLogLevel", "a report of each batch"),
            of("MaintenanceFunction", "LoggingConfig.SystemLogLevel", "no report of a run", {"Ref": "SystemLogLevel"}),
            Mutation("a report of each decision by default", "Parameters.SystemLogLevel.Default", "INFO"),
        ),
        check_metric_filters: (
            whole("BeforeTokenDecisions", "decisions not counted"),
            whole("OtpSendDurations", "no durations of mails"),
            Mutation("a filter of a log group that is not there", "Resources.OtpSendDecisions.Condition"),
            of("AfterFederationDecisions", "FilterPattern", "sources counted as decisions", "{ $.step = * }"),
            of("AfterFederationDecisions", "LogGroupName.Ref", "counted twice", "BeforeTokenLogGroup"),
            of("BeforeCreatingUserDurations", "MetricTransformations.0.MetricValue", "counted, not measured", "1"),
            of("BeforeCreatingUserDecisions", "MetricTransformations.0.Dimensions.1", "no outcome"),
            of("BeforeTokenDurations", "MetricTransformations.0.Unit", "another unit", "Seconds"),
            of("BeforeTokenDecisions", "MetricTransformations.0.MetricNamespace", "another namespace", "Elsewhere"),
        ),
        check_statements: (
            granted("AfterFederationRole", "+", "Scan", SCAN),
            granted("BeforeTokenRole", "+", "a wildcard resource more", GET_ANYTHING),
            granted("BeforeTokenRole", "0.Resource", "a wildcard resource", "*"),
            granted("BeforeTokenRole", "6.Resource", "a wildcard in a built ARN", ANY_LOG),
            granted("BeforeTokenRole", "4.Resource", "every secret", {"Fn::Sub": f"{SECRETS_ARN}*"}),
            granted("BeforeTokenRole", "0.Action", "a wildcard action", "dynamodb:*"),
            granted("BeforeTokenRole", "0.NotAction", "NotAction", "iam:*"),
        ),
        check_roles: (
            granted("AfterFederationRole", "+", "Scan", SCAN),
            granted("BeforeCreatingUserRole", "1", "a port lost"),
            granted("BeforeTokenRole", "2.Action", "an action more", ["dynamodb:PutItem", "dynamodb:UpdateItem"]),
            granted("BeforeTokenRole", "0.NotResource", "NotResource", "*"),
            granted("AfterFederationRole", "1.Condition", "any leading key"),
            granted("AfterFederationRole", "1.Condition.Null", "no leading key at all"),
            granted(
                "BeforeTokenRole", "0.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "lists", "ENTRY#*"
            ),
            granted(
                "AfterFederationRole", "0.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "codes", "CODES#*"
            ),
            granted("AfterFederationRole", "3.Condition", "answers with any leading key"),
            granted("AfterFederationRole", "3.Action", "breakers deleted", ["dynamodb:PutItem", "dynamodb:DeleteItem"]),
            granted("AfterFederationRole", "4.Resource", "another prefix", {"Fn::Sub": f"{SECRETS_ARN}-2/*"}),
            granted("BeforeCreatingUserRole", "4", "no code redeemed"),
            granted("BeforeCreatingUserRole", "4.Action.+", "codes deleted", "dynamodb:DeleteItem"),
            granted("BeforeCreatingUserRole", "5.Condition", "attempts with any leading key"),
            granted("BeforeCreatingUserRole", "6.Condition", "requests read with any leading key"),
            granted("BeforeCreatingUserRole", "7.Action", "requests changed", "dynamodb:UpdateItem"),
            granted("BeforeCreatingUserRole", "7.Condition.Null", "requests with no leading key at all"),
            granted("BeforeCreatingUserRole", "8.Action", "applicants read", ["kms:Decrypt", "kms:GenerateDataKey"]),
            granted("BeforeCreatingUserRole", "8.Condition", "keys for any purpose"),
            granted("BeforeCreatingUserRole", "8.Condition.Null", "keys for no purpose"),
            granted("BeforeCreatingUserRole", "8.Resource", "the table's key", {"Fn::GetAtt": ["TableKey", "Arn"]}),
            granted("BeforeCreatingUserRole", "9", "no secrets"),
            granted("AfterFederationRole", "5.Condition", "key usable directly"),
            granted(
                "BeforeTokenRole", "6.Resource", "another's log", {"Fn::GetAtt": ["AfterFederationLogGroup", "Arn"]}
            ),
            granted("OtpSendRole", "2.Condition", "deliveries with any leading key"),
            granted("OtpSendRole", "2.Action.+", "an action more", "dynamodb:DeleteItem"),
            granted("OtpSendRole", "3.Fn::If.0", "SES where SMTP is used", "SendsMail"),
            granted("OtpSendRole", "3.Fn::If.1.Condition", "any sender"),
            granted("OtpSendRole", "4.Fn::If.1.Resource", "another secret", "arn:aws:secretsmanager:eu-west-1:1:secret:x"),
            granted("ProvisioningRole", "0.Condition", "anything read"),
            granted(
                "ProvisioningRole", "0.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "lists", "ENTRY#*"
            ),
            granted("ProvisioningRole", "1.Action", "requests deleted", "dynamodb:DeleteItem"),
            granted("ProvisioningRole", "2.Condition.Null", "updates with no leading key at all"),
            granted("ProvisioningRole", "3.Condition", "anything deleted"),
            granted("ProvisioningRole", "4.Condition", "keys of any purpose"),
            granted("ProvisioningRole", "4.Action", "requests sealed", ["kms:Decrypt", "kms:GenerateDataKey"]),
            granted("ProvisioningRole", "5.Resource", "every secret", SECRETS_OF_POLICIES),
            granted("ProvisioningRole", "6.Action.+", "messages made up", "sqs:SendMessage"),
            granted("ProvisioningRole", "6.Resource", "dead letters", PIPE_DEAD_LETTERS_ARN),
            granted("MaintenanceRole", "0.Condition", "anything read"),
            granted("MaintenanceRole", "2.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "keys", "REQUEST#*"),
            granted("MaintenanceRole", "3.Condition.Null", "writes with no leading key at all"),
            granted("MaintenanceRole", "5.Action", "anything left", ["dynamodb:DeleteItem", "dynamodb:PutItem"]),
            granted("MaintenanceRole", "6.Fn::If.0", "a secret without accounts", "SendsMail"),
            granted("MaintenanceRole", "7.Fn::If.0", "people where guests need no approval", "Provisions"),
            granted("MaintenanceRole", "7.Fn::If.1.Condition.Null", "people of no leading key at all"),
            granted("MaintenanceRole", "8.Resource", "applicants' key", {"Fn::GetAtt": ["RequestsKey", "Arn"]}),
            granted("ApprovalsRole", "0.Condition", "anything read"),
            granted("ApprovalsRole", "1.Condition.Null", "queues of no leading key at all"),
            granted("ApprovalsRole", "1.Action", "queues emptied", ["dynamodb:Query", "dynamodb:DeleteItem"]),
            granted(
                "ApprovalsRole", "1.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "policies", "POLICY#*"
            ),
            granted("ApprovalsRole", "2.Action", "requests changed", "dynamodb:UpdateItem"),
            granted("ApprovalsRole", "3.Condition", "anything changed"),
            granted(
                "ApprovalsRole", "3.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "records changed", "AUDIT#*"
            ),
            granted(
                "ApprovalsRole", "4.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "records deleted", "AUDIT#*"
            ),
            granted("ApprovalsRole", "4.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "erased", "REQUEST#*"),
            granted("ApprovalsRole", "5.Condition", "keys of any purpose"),
            granted("ApprovalsRole", "5.Resource", "the table's key", {"Fn::GetAtt": ["TableKey", "Arn"]}),
            granted("ApprovalsRole", "6.Resource", "every secret", SECRETS_OF_POLICIES),
            granted("ApprovalsRole", "7.Condition", "anything read"),
            granted("ApprovalsRole", "8.Condition", "any item changed"),
            granted(
                "ApprovalsRole", "8.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "credentials", "CREDENTIALS"
            ),
            granted("ApprovalsRole", "9.Condition", "anything erased"),
            granted("ApprovalsRole", "10.Resource", "every secret", SECRETS_OF_POLICIES),
            granted("ApprovalsRole", "11.Condition", "key usable directly"),
            granted(
                "ApprovalsRole", "12.Resource", "another's log", {"Fn::GetAtt": ["ProvisioningLogGroup", "Arn"]}
            ),
            granted("NoticesRole", "1.Condition", "anything read"),
            granted(
                "NoticesRole", "2.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "requests written", "REQUEST#*"
            ),
            granted("NoticesRole", "3.Action", "requests sealed", ["kms:Decrypt", "kms:GenerateDataKey"]),
            granted("NoticesRole", "4.Resource", "every secret", SECRETS_OF_POLICIES),
            granted("NoticesRole", "7.Resource", "another queue", QUEUE_ARN),
            granted("EventsRole", "0.Condition", "anything written"),
            granted("EventsRole", "0.Action", "events changed", "dynamodb:UpdateItem"),
            granted("EventsRole", "1.Condition.Null", "endpoints of no leading key at all"),
            granted("EventsRole", "3.Resource", "every bus", "arn:aws:events:eu-west-1:1:event-bus/x"),
            granted("EventsRole", "6.Action.+", "audit deleted", "s3:DeleteObject"),
            granted("EventsRole", "6.Resource", "the whole bucket", AUDIT_BUCKET_ARN),
            granted("WebhooksRole", "0.Condition", "anything read"),
            granted(
                "WebhooksRole", "4.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.+", "events made up", "EVENTS#*"
            ),
            granted("WebhooksRole", "5.Action", "requests sealed", ["kms:Decrypt", "kms:GenerateDataKey"]),
            granted("WebhooksRole", "6.Resource", "every secret", SECRETS_OF_POLICIES),
            granted("WebhooksRole", "7.Resource", "another queue", QUEUE_ARN),
            granted(PIPE_ROLE, "0.Action.+", "items read", "dynamodb:GetItem"),
            granted(PIPE_ROLE, "0.Resource", "the table", TABLE_ARN),
            granted(PIPE_ROLE, "1.Action", "others subscribed", ["sns:Publish", "sns:Subscribe"]),
            granted(PIPE_ROLE, "2.Resource", "no dead letters", QUEUE_ARN),
            granted(PIPE_ROLE, "3.Condition", "key usable directly"),
            of(PIPE_ROLE, "AssumeRolePolicyDocument.Statement.0.Condition", "any account's pipe"),
            whole(PIPE_ROLE, "no role of the pipe"),
            of("BeforeTokenRole", "ManagedPolicyArns", "a managed policy", ["arn:aws:iam::aws:policy/ReadOnlyAccess"]),
            of("BeforeTokenRole", "AssumeRolePolicyDocument.Statement.0.Principal", "anyone may take it", "*"),
            of("BeforeTokenFunction", "Role", "role shared", {"Fn::GetAtt": ["AfterFederationRole", "Arn"]}),
            whole("Extra", "a policy from outside", {"Type": "AWS::IAM::Policy", "Properties": {}}),
        ),
        check_api: (
            of("HttpApi", "DisableExecuteApiEndpoint", "execute-api endpoint stays on"),
            whole("Other", "a second API", {"Type": "AWS::ApiGatewayV2::Api", "Properties": {}}),
        ),
        check_stage: (
            of("DefaultStage", "DefaultRouteSettings", "no throttling"),
            of("DefaultStage", "DefaultRouteSettings.ThrottlingBurstLimit", "no burst limit"),
            of("DefaultStage", "RouteSettings", "throttling lifted for a route", {"ANY /": {}}),
            of("DefaultStage", "AccessLogSettings", "no access log"),
            of("DefaultStage", "AccessLogSettings.Format", "addresses in the access log", WITH_ADDRESS),
            of("DefaultStage", "AccessLogSettings.Format", "access log not JSON", "$context.requestId"),
            of("DefaultStage", "AutoDeploy", "no automatic deployment", False),
            whole("Other", "a second stage", {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {}}),
        ),
        check_routes: (
            whole("BeforeTokenUserFlowConnectorRoute", "route removed"),
            whole("OtpSendUserFlowExtensionRoute", "route of mail removed"),
            whole("ConsolePagesRoute", "route of the console removed"),
            of("ConsolePagesRoute", "RouteKey", "the whole host", "ANY /{page+}"),
            of(
                "BeforeTokenConnectorRoute",
                "Target",
                "elsewhere",
                {"Fn::Sub": "integrations/${AfterFederationIntegration}"},
            ),
            of("BeforeTokenConnectorRoute", "RouteKey", "POST only", "POST /connectors/before-token"),
            of(
                "BeforeTokenIntegration",
                "IntegrationUri",
                "elsewhere",
                {"Fn::GetAtt": ["AfterFederationFunction", "Arn"]},
            ),
            whole("CatchAll", "a route more", CATCH_ALL),
        ),
        check_integrations: (
            of("BeforeTokenIntegration", "PayloadFormatVersion", "format 1.0", "1.0"),
            of("BeforeTokenIntegration", "TimeoutInMillis", "gives up before Lambda does", 3000),
            of("ApprovalsIntegration", "TimeoutInMillis", "gives up before a sign-in ends", 5500),
        ),
        check_permissions: (
            whole("BeforeTokenPermission", "permission removed"),
            whole("OtpSendPermission", "permission of mail removed"),
            whole("ApprovalsPermission", "permission of the console removed"),
            of("BeforeTokenPermission", "SourceArn", "any API may invoke"),
            of("MaintenancePermission", "SourceArn", "any rule may invoke"),
            of("MaintenancePermission", "Principal", "anybody may invoke", "*"),
        ),
        check_schedules: (
            whole("MaintenanceSchedule", "never"),
            of("MaintenanceSchedule", "ScheduleExpression", "once a day", "rate(1 day)"),
            of("MaintenanceSchedule", "State", "not now", "DISABLED"),
            of("MaintenanceSchedule", "Targets.0.Arn", "another", {"Fn::GetAtt": ["ProvisioningFunction", "Arn"]}),
            whole("MaintenanceRetries", "tried again beside the next run"),
            of("MaintenanceRetries", "MaximumRetryAttempts", "tried twice", 2),
            whole("Other", "another schedule", {"Type": "AWS::Events::Rule", "Properties": {}}),
        ),
        check_queues: (
            of("ProvisioningQueue", "SqsManagedSseEnabled", "not encrypted", False),
            of("ProvisioningQueue", "VisibilityTimeout", "visible again while an attempt runs", 15),
            of("ProvisioningQueue", "RedrivePolicy", "tried for ever"),
            of("ProvisioningQueue", "RedrivePolicy.maxReceiveCount", "given up after minutes", 3),
            of("ProvisioningDeadLetters", "MessageRetentionPeriod", "dead letters forgotten", 4 * DAY),
            of("RequestsPipeDeadLetters", "SqsManagedSseEnabled", "not encrypted"),
            of("NoticesQueue", "VisibilityTimeout", "visible again while a batch is waited for", 360),
            Mutation("a queue without notices", "Resources.NoticesQueue.Condition", "Provisions"),
            Mutation("a queue without accounts", "Resources.ProvisioningQueue.Condition"),
            whole("Other", "another queue", {"Type": "AWS::SQS::Queue", "Properties": {}}),
            whole("Open", "a queue for others", {"Type": "AWS::SQS::QueuePolicy", "Properties": {}}),
            of("NoticesQueuePolicy", "PolicyDocument.Statement.0.Condition", "any topic"),
            of("ProvisioningQueuePolicy", "PolicyDocument.Statement.0.Principal", "anybody", "*"),
        ),
        check_topics: (
            of("ProvisioningSubscription", "FilterPolicy", "every change"),
            of("NoticesSubscription", "FilterPolicyScope", "a filter that sees nothing"),
            of("NoticesSubscription", "RawMessageDelivery", "wrapped messages"),
            of("ProvisioningSubscription", "RedrivePolicy", "no dead letters"),
            of("ProvisioningSubscription", "Endpoint", "another queue", NOTICES_QUEUE_ARN),
            Mutation("followed where nobody follows", "Resources.RequestsTopic.Condition"),
            whole("Other", "another topic", {"Type": "AWS::SNS::Topic", "Properties": {}}),
            whole("Another", "another subscriber", {"Type": "AWS::SNS::Subscription", "Properties": {}}),
        ),
        check_event_source: (
            of("ProvisioningSource", "FunctionResponseTypes", "failures taken for done"),
            of("NoticesSource", "MaximumBatchingWindowInSeconds", "a mail for each request"),
            of("ProvisioningSource", "ScalingConfig", "as many as there are messages"),
            of("ProvisioningSource", "EventSourceArn", "dead letters", PIPE_DEAD_LETTERS_ARN),
            of("EventsSource", "FilterCriteria", "every record"),
            of("EventsSource", "FunctionResponseTypes", "failures taken for done"),
            of("EventsSource", "BisectBatchOnFunctionError", "one holds up all", False),
            of("EventsSource", "DestinationConfig", "no dead letters"),
            of("EventsSource", "MaximumRecordAgeInSeconds", "tried until it is forgotten"),
            of("EventsSource", "ParallelizationFactor", "out of order", 10),
            of("WebhooksSource", "ScalingConfig", "as many as there are messages"),
            whole("Other", "another source", {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {}}),
        ),
        check_pipe: (
            of("RequestsPipe", "SourceParameters.FilterCriteria", "every record"),
            of("RequestsPipe", "SourceParameters.FilterCriteria.Filters.2", "nobody is told"),
            of("RequestsPipe", "Target", "one queue alone", QUEUE_ARN),
            of("RequestsPipe", "SourceParameters.FilterCriteria.Filters.0.Pattern", "not JSON", "approved"),
            of("RequestsPipe", "SourceParameters.FilterCriteria.Filters.+", "more records", {"Pattern": "{}"}),
            of("RequestsPipe", "SourceParameters.FilterCriteria.Filters.1", "nothing is brought again"),
            of("RequestsPipe", "TargetParameters", "whole records"),
            of("RequestsPipe", "TargetParameters.InputTemplate", "images", '{"dynamodb": <$.dynamodb>}'),
            of("RequestsPipe", f"{STREAM}.StartingPosition", "what came before is missed", "LATEST"),
            of("RequestsPipe", f"{STREAM}.DeadLetterConfig", "no dead letters"),
            of("RequestsPipe", f"{STREAM}.MaximumRecordAgeInSeconds", "tried until it is forgotten"),
            of("RequestsPipe", "Target", "to its dead letters", PIPE_DEAD_LETTERS_ARN),
            of("RequestsPipe", "Enrichment", "enriched", {"Fn::GetAtt": ["ProvisioningFunction", "Arn"]}),
            of("RequestsPipe", "LogConfiguration", "records in a log", {"Level": "TRACE"}),
            of("RequestsPipe", "RoleArn", "another's role", {"Fn::GetAtt": ["ProvisioningRole", "Arn"]}),
        ),
        check_audit_bucket: (
            of("AuditBucket", "ObjectLockConfiguration", "no lock"),
            of("AuditBucket", "ObjectLockConfiguration.Rule.DefaultRetention.Days", "a day", 1),
            of("AuditBucket", "PublicAccessBlockConfiguration", "public"),
            of("AuditBucket", "VersioningConfiguration", "not versioned"),
            Mutation("the audit deleted with the stack", "Resources.AuditBucket.DeletionPolicy", "Delete"),
            whole("AuditBucketPolicy", "reachable without TLS"),
            of("AuditBucketPolicy", "PolicyDocument.Statement.1", "segments written over"),
            of("AuditBucketPolicy", "PolicyDocument.Statement.1.Action", "segments written over all the same", "s3:GetObject"),
            of("AuditBucketPolicy", "PolicyDocument.Statement.0.Principal", "others without TLS", {"AWS": "1"}),
        ),
        check_alarms: (
            of("ProvisioningDeadLettersAlarm", "Threshold", "some are let go", 10),
            of("ProvisioningAgeAlarm", "Threshold", "longer than messages count", 3600),
            of("ProvisioningErrorsAlarm", "AlarmActions", "nobody is told"),
            of("NoticesRejectedAlarm", "Dimensions", "whatever became of it"),
            of("ProvisioningFailedAlarm", "Dimensions", "whatever became of it"),
            of("RequestsPipeDeadLettersAlarm", "Dimensions", "another queue", of_queue("ProvisioningQueue")),
            whole("ProvisioningAgeAlarm", "alarm removed"),
            of("MaintenanceErrorsAlarm", "Dimensions", "every function"),
            of("MaintenanceSilentAlarm", "TreatMissingData", "silence is good", "notBreaching"),
            of("MaintenanceSilentAlarm", "ComparisonOperator", "too much", "GreaterThanThreshold"),
            of("MaintenanceFindingsAlarm", "MetricName", "what is looked for", "accounts_looked_for"),
            Mutation("findings where no accounts are made", "Resources.MaintenanceFindingsAlarm.Condition"),
            of("MaintenanceUnapprovedAlarm", "MetricName", "what is looked at", "guests_looked_at"),
            of("MaintenanceUnapprovedAlarm", "Threshold", "some are let go", 10),
            whole("MaintenanceUnapprovedAlarm", "unapproved guests not told"),
        ),
        check_parameters: (
            Mutation("parameter not described", "Parameters.UserFlows.Description"),
            Mutation("parameter not bounded", "Parameters.MemorySize.MaxValue"),
            Mutation("pattern not explained", "Parameters.EntraTenantId.ConstraintDescription"),
            Mutation("values not listed", "Parameters.DefaultEffect.AllowedValues"),
        ),
        check_defaults: (Mutation("no default", "Parameters.EntraTenantId.Default"),),
        check_outputs: (
            Mutation("URL not printed", "Outputs.BeforeTokenConnectorUrl"),
            Mutation("wrong URL", "Outputs.BeforeTokenConnectorUrl.Value.Fn::Sub.0", "${BaseUrl}/before-token"),
            Mutation("table not printed", "Outputs.TableName"),
            Mutation("dead letters not printed", "Outputs.ProvisioningDeadLettersArn"),
            Mutation("console not printed", "Outputs.ConsoleUrl"),
            Mutation("wrong redirect URI", "Outputs.ConsoleRedirectUri.Value.Fn::Sub", "${ConsoleUrl}/signed-in"),
        ),
        check_nested_stack: (
            of("CustomDomain", "Parameters.TruststoreUri", "parameter not passed"),
            Mutation("custom domain always", "Resources.CustomDomain.Condition"),
        ),
    },
    CUSTOM_DOMAIN: {
        check_domain: (
            of("Domain", "MutualTlsAuthentication", "no mutual TLS"),
            of("Domain", "DomainNameConfigurations.0.SecurityPolicy", "TLS 1.0", "TLS_1_0"),
        ),
        check_truststore_bucket: (
            of("TruststoreBucket", "VersioningConfiguration", "not versioned"),
            of("TruststoreBucket", "PublicAccessBlockConfiguration", "public"),
            of("TruststoreBucket", "BucketEncryption", "not encrypted"),
            whole("TruststoreBucketPolicy", "reachable without TLS"),
        ),
        check_statements: (
            of("TruststoreBucketPolicy", "PolicyDocument.Statement.0.Effect", "open to everyone", "Allow"),
        ),
        check_parameters: (Mutation("parameter not described", "Parameters.ApiId.Description"),),
    },
}


def self_test(templates: dict[str, Template]) -> list[str]:
    """Says what is found without any mutation, which mutation no check notices, which check has no mutation."""
    problems = [f"before any mutation: {f}" for template in templates.values() for f in findings(template)]
    for name, checks in CHECKS.items():
        for check in checks:
            mutations = MUTATIONS[name].get(check, ())
            if not mutations:
                problems.append(f"{name}: {check.__name__}: found no mutation for it, expected one at least")
            for mutation in mutations:
                if not list(check(mutation.apply(templates[name]))):
                    problems.append(f"{name}: {mutation.what}: found nothing by {check.__name__}, expected a finding")
    return problems


# --- Running ----------------------------------------------------------------------------------------------------------


def cfn_lint(names: list[str]) -> bool:
    command = [str(Path(sys.executable).with_name("cfn-lint")), *names]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true", help="check the checks")
    arguments = parser.parse_args()

    templates = {name: load(name) for name in template_names()}
    if arguments.self_test:
        problems = self_test(templates)
        count = sum(len(mutations) for checks in MUTATIONS.values() for mutations in checks.values())
        summary = f"{count} mutations, each noticed by its check"
        linted = True
    else:
        problems = [str(finding) for template in templates.values() for finding in findings(template)]
        summary = f"{', '.join(templates)}: clean"
        linted = cfn_lint(list(templates))

    for problem in problems:
        print(problem, file=sys.stderr)
    if problems or not linted:
        print(f"lint.py: {len(problems)} findings{'' if linted else ' beside those of cfn-lint'}", file=sys.stderr)
        return 1
    print(f"lint.py: {summary}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Tells a chat of what somebody should look at.

Endpoint: the types `approval_request.created`, `account.provisioning_failed` and `policy.*`; no fields, so that a chat never
learns who applies.
Settings: those of webhooks.py; CHAT_URL is the chat's incoming webhook, which takes `{"text": "…"}` as most do, and
CONSOLE_URL is that of the approval console, such as https://sign-up.contoso.com/console.
"""

import json
import os
import urllib.request
from collections import OrderedDict

import webhooks

CHAT_URL = os.environ["CHAT_URL"]
CONSOLE_URL = os.environ["CONSOLE_URL"].rstrip("/")

# A chat cannot tell a repeat, so the last ids are remembered. After a restart a repeat is told once more.
told = OrderedDict()
MOST_REMEMBERED = 10_000


def text(event):
    data = event["data"]
    match event["type"]:
        case "approval_request.created":
            return f"Somebody waits for a decision: {CONSOLE_URL}/requests/{data['request']}"
        case "account.provisioning_failed":
            return f"An account could not be created: {CONSOLE_URL}/requests/{data['request']}"
        case "policy.published":
            return f"Version {data['version']} of the policy of {data['flow']} decides now."
        case "policy.rolled_back":
            return f"The policy of {data['flow']} is back at version {data['version']}."


def handle(identifier, event):
    message = text(event)
    if message is None or identifier in told:
        return
    body = json.dumps({"text": message}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(CHAT_URL, body, headers)
    urllib.request.urlopen(request, timeout=5).close()
    told[identifier] = True
    if len(told) > MOST_REMEMBERED:
        told.popitem(last=False)


if __name__ == "__main__":
    webhooks.serve(handle)

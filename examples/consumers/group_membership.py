#!/usr/bin/env python3
"""Adds the account of each approved person to a group, through Microsoft Graph.

Endpoint: the type `account.provisioned`; no fields.
Settings: those of webhooks.py; TENANT_ID, CLIENT_ID and CLIENT_SECRET of an app registration with the application permission
GroupMember.ReadWrite.All, and GROUP_ID. LOGIN_URL and GRAPH_URL name other hosts than Microsoft's public cloud.
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

import webhooks

LOGIN_URL = os.environ.get("LOGIN_URL", "https://login.microsoftonline.com")
GRAPH_URL = os.environ.get("GRAPH_URL", "https://graph.microsoft.com/v1.0")
GROUP_ID = os.environ["GROUP_ID"]


def token():
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"],
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{LOGIN_URL}/{os.environ['TENANT_ID']}/oauth2/v2.0/token"
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=5) as answer:
        return json.load(answer)["access_token"]


def add(account):
    body = json.dumps({"@odata.id": f"{GRAPH_URL}/directoryObjects/{account}"}).encode()
    headers = {"authorization": f"Bearer {token()}", "content-type": "application/json"}
    url = f"{GRAPH_URL}/groups/{GROUP_ID}/members/$ref"
    try:
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5).close()
    except urllib.error.HTTPError as error:
        # A repeat. Everything else is raised, and the event comes again: a new account is not found everywhere at once.
        if error.code != 400 or b"already exist" not in error.read():
            raise


def handle(_identifier, event):
    if event["type"] == "account.provisioned" and "account" in event["data"]:
        add(event["data"]["account"])


if __name__ == "__main__":
    webhooks.serve(handle)

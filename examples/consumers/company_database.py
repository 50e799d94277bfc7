#!/usr/bin/env python3
"""Keeps a database of partners in step with approval requests, accounts and blocked sign-ups.

Endpoint: the types `approval_request.*`, `account.provisioned` and `sign_up.blocked`, the field `email`.
Settings: those of webhooks.py; DATABASE is the SQLite file, by default `partners.sqlite`.
"""

import os
import sqlite3
from contextlib import closing

import webhooks

DATABASE = os.environ.get("DATABASE", "partners.sqlite")

TABLES = """
CREATE TABLE IF NOT EXISTS seen (event TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS partners (
    request TEXT PRIMARY KEY, state TEXT, revision INTEGER NOT NULL DEFAULT 0, email TEXT, account TEXT
);
CREATE TABLE IF NOT EXISTS blocked (day TEXT, reason TEXT, number INTEGER, PRIMARY KEY (day, reason));
"""

# Revisions count up with each change of a request: an older one that comes late changes nothing.
CHANGED = """
INSERT INTO partners (request, state, revision, email) VALUES (:request, :to, :revision, :email)
ON CONFLICT (request) DO UPDATE
SET state = excluded.state, revision = excluded.revision, email = coalesce(excluded.email, email)
WHERE excluded.revision > revision
"""

PROVISIONED = """
INSERT INTO partners (request, account) VALUES (:request, :account)
ON CONFLICT (request) DO UPDATE SET account = excluded.account
"""

BLOCKED = """
INSERT INTO blocked (day, reason, number) VALUES (:day, :reason, 1)
ON CONFLICT (day, reason) DO UPDATE SET number = number + 1
"""


def handle(identifier, event):
    # One transaction: an event is marked as seen with what it changes, or neither.
    with closing(sqlite3.connect(DATABASE, timeout=10)) as database, database:
        is_new = database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (identifier,)).rowcount
        if is_new:
            change(database, event)


def change(database, event):
    data = event["data"]
    if event["type"].startswith("approval_request."):
        email = event.get("personal", {}).get("email")
        database.execute(CHANGED, {**data, "email": email})
    elif event["type"] == "account.provisioned":
        database.execute(PROVISIONED, {"request": data["request"], "account": data.get("account")})
    elif event["type"] == "sign_up.blocked":
        day = event["timestamp"].split("T")[0]
        database.execute(BLOCKED, {"day": day, "reason": data.get("reason", data["decided_by"])})


if __name__ == "__main__":
    with closing(sqlite3.connect(DATABASE)) as database:
        database.executescript(TABLES)
    webhooks.serve(handle)

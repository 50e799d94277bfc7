"""Whether somebody may sign up, by allow and deny lists in a table: the most specific entry wins."""

import base64
import hmac
import json
import os

import boto3

CLIENT = boto3.client("dynamodb")
TABLE = os.environ["TABLE_NAME"]
EXPECTED = os.environ["AUTHORIZATION"]


def matchers_of(claims: dict) -> list[str]:
    """The most specific first."""
    address = claims.get("email", "").strip().lower()
    domain = address.rpartition("@")[2]
    labels = domain.split(".")
    identities = claims.get("identities", [])
    return [
        f"address:{address}",
        *(f"subject:{one['issuer']}:{one['issuerAssignedId']}" for one in identities),
        f"domain:{domain}",
        *(f"domain:*.{'.'.join(labels[start:])}" for start in range(1, len(labels) - 1)),
        *(f"provider:{one['issuer']}" for one in identities),
    ]


def read(matchers: list[str]) -> dict[str, str]:
    keys = [{"pk": {"S": matcher}, "sk": {"S": "ENTRY"}} for matcher in matchers]
    found = CLIENT.batch_get_item(RequestItems={TABLE: {"Keys": keys}})
    return {item["pk"]["S"]: item["effect"]["S"] for item in found["Responses"][TABLE]}


def decide(claims: dict) -> dict:
    matchers = matchers_of(claims)
    found = read(matchers)
    deciding = next((matcher for matcher in matchers if matcher in found), None)
    if found.get(deciding) == "allow":
        return {"version": "1.0.0", "action": "Continue"}
    return {"version": "1.0.0", "action": "ShowBlockPage", "userMessage": "You cannot sign up here."}


def handler(event: dict) -> dict:
    if not hmac.compare_digest(event["headers"].get("authorization", ""), EXPECTED):
        return {"statusCode": 401}
    body = base64.b64decode(event["body"]) if event.get("isBase64Encoded") else event["body"]
    answer = json.dumps(decide(json.loads(body)))
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": answer}

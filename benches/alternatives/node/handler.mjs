// Whether somebody may sign up, by allow and deny lists in a table: the most specific entry wins.

import { timingSafeEqual } from "node:crypto";
import { BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";

const client = new DynamoDBClient({});
const table = process.env.TABLE_NAME;
const expected = Buffer.from(process.env.AUTHORIZATION);

// The most specific first.
const matchersOf = ({ email = "", identities = [] }) => {
  const address = email.trim().toLowerCase();
  const domain = address.slice(address.lastIndexOf("@") + 1);
  const labels = domain.split(".");
  const parents = labels.slice(1, -1).map((_, index) => `*.${labels.slice(index + 1).join(".")}`);
  const subjects = identities.map(({ issuer, issuerAssignedId }) => `subject:${issuer}:${issuerAssignedId}`);
  const providers = identities.map(({ issuer }) => `provider:${issuer}`);
  return [`address:${address}`, ...subjects, `domain:${domain}`, ...parents.map((parent) => `domain:${parent}`), ...providers];
};

const read = async (matchers) => {
  const Keys = matchers.map((matcher) => ({ pk: { S: matcher }, sk: { S: "ENTRY" } }));
  const { Responses } = await client.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys } } }));
  return new Map(Responses[table].map((item) => [item.pk.S, item.effect.S]));
};

const decide = async (claims) => {
  const matchers = matchersOf(claims);
  const found = await read(matchers);
  const deciding = matchers.find((matcher) => found.has(matcher));
  return found.get(deciding) === "allow"
    ? { version: "1.0.0", action: "Continue" }
    : { version: "1.0.0", action: "ShowBlockPage", userMessage: "You cannot sign up here." };
};

const isAuthorized = ({ authorization = "" }) => {
  const given = Buffer.from(authorization);
  return given.length === expected.length && timingSafeEqual(given, expected);
};

export const handler = async (event) => {
  if (!isAuthorized(event.headers)) return { statusCode: 401 };
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  const answer = await decide(JSON.parse(body));
  return { statusCode: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(answer) };
};

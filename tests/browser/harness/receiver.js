// The receiver of the local Entra, which is told of every event.

import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';

import { follow } from './browser.js';
import { eventually } from './eventually.js';
import { facts } from './sign-up.js';

/** The endpoint that leads to it, by which its secret is found. */
const SECRET = 'signup-connectors/webhooks/ep_10ca100000000001';

/** What was received so far, newest first: each request with its event. */
export async function received(program) {
  const requests = await program.json('/simulator/received');
  const told = requests.filter(({ name }) => name === 'events');
  return told.map((request) => ({ ...request, event: JSON.parse(request.body) }));
}

/** The requests that are about something, once as many events came as were expected; `check` may want more of them. */
export async function arrived(program, isAbout, count, check = () => {}) {
  return eventually(
    async () => (await received(program)).filter(({ event }) => isAbout(event)),
    (found) => {
      const ids = new Set(found.map(({ event }) => event.id));
      assert.equal(ids.size, count, `received: ${found.map(({ body }) => body).join('\n')}`);
      check(found);
      return found;
    },
  );
}

/** Whether a request is signed as Standard Webhooks has it, with the secret that receivers have. */
export async function assertSigned(program, { headers, body }) {
  const sent = Object.fromEntries(headers);
  const signed = `${sent['webhook-id']}.${sent['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', await key(program)).update(signed).digest();
  const [version, signature] = sent['webhook-signature'].split(',');
  assert.equal(version, 'v1');
  assert.ok(timingSafeEqual(Buffer.from(signature, 'base64'), expected), `the signature of ${body}`);
}

async function key(program) {
  const response = await program.fetch('/secrets', {
    method: 'POST',
    headers: { 'X-Amz-Target': 'secretsmanager.GetSecretValue' },
    body: JSON.stringify({ SecretId: SECRET }),
  });
  const { SecretString: secret } = await response.json();
  return Buffer.from(JSON.parse(secret).keys[0].replace('whsec_', ''), 'base64');
}

/** The rows of an event on the page with everything that was received. */
export function rows(page, { id }) {
  return page.getByRole('row').filter({ hasText: id });
}

/** What the page of the receiver shows of an event: the row of the list, the facts beside the request, and its body. */
export async function shown(page, event) {
  await page.goto('/received');
  const row = await rows(page, event).first().getByRole('cell').allInnerTexts();
  await follow(page, rows(page, event).first().getByRole('link'));
  return { row, facts: await facts(page), event: JSON.parse(await page.locator('pre').textContent()) };
}

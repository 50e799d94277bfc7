// One-time codes: mailed by the function through Amazon SES as the simulator has it, and by Microsoft where that fails.

import assert from 'node:assert/strict';

import { checked } from './harness/browser.js';
import { SignUp, somebody } from './harness/sign-up.js';
import { ENGLISH, SWEDISH } from './harness/words.js';
import { World } from './harness/world.js';

const world = World.of();
const { test } = world;

const SENDER = 'no-reply@contoso.example';

async function mailsTo(email) {
  return world.program.json(`/simulator/mails?to=${encodeURIComponent(email)}`);
}

async function faults(switches) {
  const response = await world.program.fetch('/simulator/faults', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(switches),
  });
  assert.ok(response.ok, `${response.status}`);
}

test('a code comes in the language of the person, who types it and goes on', async (page) => {
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'customers', 'email-code', SWEDISH);
  await signUp.identify(email);
  const [mail, ...others] = await mailsTo(email);
  assert.deepEqual(others, []);
  assert.ok(mail.from.includes(SENDER), mail.from);
  assert.equal(mail.subject, 'Din verifieringskod');
  const code = await signUp.mailedCode(email);
  for (const part of [mail.html, mail.text]) assert.ok(part.includes(code) && part.includes('Customer shop'), part);

  const inbox = await page.context().newPage();
  await inbox.goto(`/inbox?to=${encodeURIComponent(email)}`);
  await inbox.getByRole('link', { name: 'Din verifieringskod' }).first().click();
  await inbox.getByText(code).first().waitFor();
  await checked(inbox, 'one-time-code-mail');
  await inbox.close();

  await signUp.prove(email);
  await signUp.assertHeading(SWEDISH.details);
  assert.deepEqual((await signUp.verdicts()).slice(0, 2), ['otp-send: continue', 'after-federation: continue']);
});

test('a lost answer is asked for again, and there is one mail', async (page) => {
  const email = somebody();
  await faults({ calls: { firstAttempt: 'answer-lost' } });
  try {
    const signUp = await SignUp.begin(page, world.program, 'customers', 'email-code');
    await signUp.identify(email);
    await signUp.assertHeading('Enter code');
    assert.deepEqual(await signUp.verdicts(), ['otp-send: continue']);
    assert.equal((await mailsTo(email)).length, 1);
  } finally {
    await faults({});
  }
});

test('when the mail service is down, Microsoft mails the code', async (page) => {
  const email = somebody();
  await faults({ mail: { refused: true } });
  try {
    const signUp = await SignUp.begin(page, world.program, 'customers', 'email-code');
    await signUp.identify(email);
    await signUp.assertHeading('Enter code');
    assert.deepEqual(await signUp.verdicts(), ['otp-send: rejected']);
    const [mail] = await mailsTo(email);
    assert.ok(!mail.from.includes(SENDER), mail.from);
    await signUp.prove(email);
    await signUp.assertHeading(ENGLISH.details);
  } finally {
    await faults({});
  }
});

// Events: what happens in a sign-up is told to the receiver of the local Entra, signed and without saying who it was, and is in the
// audit chain.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { Applicant, APPLICANTS, provisioned } from './harness/applicant.js';
import { checked, press } from './harness/browser.js';
import { PROJECT } from './harness/project.js';
import { arrived, assertSigned, rows, shown } from './harness/receiver.js';
import { SignUp, somebody } from './harness/sign-up.js';
import { ENGLISH } from './harness/words.js';
import { World } from './harness/world.js';

/** User flows with names of their own: an event says which one it is about. */
const FLOWS = { suppliers: 'partners', members: 'customers', clerks: 'partners', porters: 'partners' };

const world = World.of({
  copies: { ...APPLICANTS.copies, ...FLOWS },
  prepare: async (program) => {
    for (const flow of Object.keys(FLOWS)) await program.publish('examples/policies/first.toml', flow);
    await APPLICANTS.prepare(program);
    for (const flow of Object.keys(FLOWS)) await program.follows(flow);
  },
});
const { test } = world;

/** The example lists let them through. */
const PARTNER = 'fabrikam.com';

/** What is typed, of which no event has anything. */
const TYPED = { 'Display name': 'Jane Roe', City: 'Malmö' };

/** That somebody of a user flow was let through. */
const isOf = (flow) => ({ data }) => data.user_flow === flow && data.outcome === 'continue';

const byId = (one, other) => (one.id < other.id ? -1 : 1);

const types = (requests) => requests.map(({ event }) => event.type).toSorted();

async function signUpFor(page, flow) {
  const email = somebody(PARTNER);
  const signUp = await SignUp.begin(page, world.program, flow, 'google');
  await signUp.arrive('google', email);
  await signUp.fill(TYPED);
  await signUp.create();
  await signUp.assertHeading(ENGLISH.created);
  return email;
}

/** Neither what was sent nor what the page shows says who it was. */
async function assertNamesNobody(page, request, people) {
  const text = [JSON.stringify(request), await page.locator('main').innerText()].join('\n');
  for (const personal of people) assert.ok(!text.includes(personal), `${request.event.type} names ${personal}`);
}

for (const [flow, protocol] of [['suppliers', 'connector'], ['members', 'extension']]) {
  test(`${flow}: each decision about a sign-up arrives, signed, and names nobody`, async (page) => {
    const email = await signUpFor(page, flow);
    const requests = await arrived(world.program, isOf(flow), 2);
    const steps = requests.map(({ event }) => event.data.step).toSorted();
    assert.deepEqual(steps, ['after-federation', 'before-creating-user']);
    for (const request of requests) {
      await assertSigned(world.program, request);
      const { row, facts, event } = await shown(page, request.event);
      const { type, data } = event;
      assert.deepEqual(event, request.event);
      assert.deepEqual([type, data.outcome, data.protocol], ['sign_up.continued', 'continue', protocol]);
      assert.deepEqual(row.slice(1), ['POST /receiver/events', type, event.id, 'good', '', '204']);
      assert.deepEqual([facts.Event, facts.Answered], [type, '204']);
      assert.match(facts.Signature, /^good/);
      await assertNamesNobody(page, request, [email, ...Object.values(TYPED)]);
    }
    await checked(page, `events-${flow}`);
  });
}

test('who was kept out is told with the reference that the person saw', async (page) => {
  const email = somebody('spam.example');
  const signUp = await SignUp.begin(page, world.program, 'clerks', 'google');
  await signUp.arrive('google', email);
  await signUp.assertHeading(ENGLISH.blocked);
  const sentence = await page.locator('p.message').innerText();
  const [reference] = sentence.match(/[0-9A-Z]{4}-[0-9A-Z]{4}/);

  const [request] = await arrived(world.program, ({ data }) => data.reference === reference, 1);
  await assertSigned(world.program, request);
  const { event } = await shown(page, request.event);
  assert.equal(event.type, 'sign_up.blocked');
  const { step, outcome, reason, user_flow: flow } = event.data;
  assert.deepEqual(
    { step, outcome, reason, flow },
    { step: 'after-federation', outcome: 'block', reason: 'denied', flow: 'clerks' },
  );
  await assertNamesNobody(page, request, [email, 'spam.example']);
  await checked(page, 'events-blocked');
});

test('an approval is told from the sign-up to the account', async (page) => {
  const applicant = new Applicant(page, world.program, 'guests', ENGLISH);
  const request = await applicant.apply();
  await world.program.decide('approve', request.id);
  await provisioned(world.program, request);

  const requests = await arrived(world.program, ({ data }) => data.request === request.id, 4);
  assert.deepEqual(types(requests), [
    'account.provisioned',
    'approval_request.approved',
    'approval_request.created',
    'sign_up.reviewed',
  ]);
  const people = [applicant.email, applicant.accountId, 'Jane', 'Roe', 'Contoso Ångström', 'Alex Approver', 'a test'];
  for (const one of requests) {
    await assertSigned(world.program, one);
    const { row, facts } = await shown(page, one.event);
    assert.deepEqual(row.slice(2, 5), [one.event.type, one.event.id, 'good']);
    assert.match(facts.Signature, /^good/);
    await assertNamesNobody(page, one, people);
  }
  const { data } = requests.find(({ event }) => event.type === 'approval_request.approved').event;
  assert.deepEqual([data.from, data.to, data.by], ['pending', 'approved', 'person']);
  await page.goto('/received');
  await checked(page, 'events-approval');
});

test('what the receiver did not take comes again', async (page) => {
  const reference = await refusedOnce(page);
  const isIt = ({ data }) => data.reference === reference;
  const requests = await arrived(world.program, isIt, 1, (found) => assert.equal(found[0].answered, 204));
  assert.ok(requests.length > 1, 'it came once');
  for (const request of requests) await assertSigned(world.program, request);
  await page.goto('/received');
  const [{ event }] = requests;
  const answers = await rows(page, event).getByRole('cell').last().allInnerTexts();
  assert.deepEqual(answers, ['503']);
  await rows(page, event).first().getByText(`attempt ${requests.length}`).waitFor();
  await checked(page, 'events-again');
});

/** Somebody is kept out while the receiver is out of order; it works again when it has seen that. */
async function refusedOnce(page) {
  await page.goto('/faults');
  await page.getByLabel(/^Status of its answers/).fill('503');
  await press(page, 'Save');
  const { userMessage } = await world.program.ask('clerks/after-federation', { email: somebody('spam.example') });
  const [reference] = userMessage.match(/[0-9A-Z]{4}-[0-9A-Z]{4}/);
  await arrived(world.program, ({ data }) => data.reference === reference, 1);
  await press(page, 'Everything works');
  return reference;
}

/** How `docs/audit.md` verifies the chain of `make dev`. */
async function documented() {
  const text = await readFile(path.join(PROJECT, 'docs/audit.md'), 'utf8');
  const [, commands] = text.match(/\nOn this machine .*?\n```sh\n(.*?)\n```/s);
  return commands;
}

test('what was told is in the audit chain, which is whole', async (page) => {
  const email = await signUpFor(page, 'porters');
  const requests = await arrived(world.program, isOf('porters'), 2);
  const events = requests.map(({ event }) => event);

  const listed = await world.program.signupctl('event', 'list', '--type', 'sign_up.*', '--json');
  const kept = listed.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  assert.deepEqual(kept.filter(isOf('porters')).toSorted(byId), events.toSorted(byId));
  const told = await world.program.documented(await documented());
  const [, verified] = told.match(/^segments: [1-9]\d*, records: (\d+), /);
  const { lines, records } = await world.program.auditChain();
  assert.ok(Number(verified) >= events.length && Number(verified) <= records.length, told);
  const audited = records.map(({ record }) => record).filter((record) => record.type && isOf('porters')(record));
  assert.deepEqual(audited.toSorted(byId), events.toSorted(byId));
  for (const personal of [email, ...Object.values(TYPED)]) assert.ok(!lines.includes(personal), personal);
});

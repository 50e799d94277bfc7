// The approval console: people sign in, look at requests and decide, and nobody else does.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after } from 'node:test';

import { APPLICANTS, Applicant, provisioned } from './harness/applicant.js';
import { checked, follow, illustration, press, screenshot } from './harness/browser.js';
import { Connector, raw } from './harness/connector.js';
import { ADMINISTRATOR, APPROVER, COLLEAGUE, Console } from './harness/console.js';
import { mailTo } from './harness/inbox.js';
import { somebody } from './harness/sign-up.js';
import { ENGLISH, LANGUAGES, SWEDISH } from './harness/words.js';
import { World } from './harness/world.js';

/** A site of somebody else, which a test writes. */
let elsewhere;
const otherSite = (origin) => origin.replace('127.0.0.1', 'localhost');

const world = World.of({
  ...APPLICANTS,
  prepare: async (program) => {
    await APPLICANTS.prepare(program);
    elsewhere = await Connector.start();
    world.also = [program.functions, elsewhere.origin, otherSite(elsewhere.origin)];
  },
});
const { test } = world;
after(() => elsewhere?.stop());

/** What Chromium says of a page whose status is no success. */
const refused = (status) => ({ complaint: RegExp(`status of ${status}`) });

const FORGED = 'This form was not sent from this console';
const WAITING = 'Waiting';

/** Somebody who waits for a review, without the pages of a sign-up. */
async function waiting({ flow = 'guests/', email = somebody(), ...attributes } = {}) {
  const asked = { email, displayName: 'Jane Roe', ...attributes };
  const answer = await world.program.ask(`${flow}before-creating-user`, asked);
  assert.equal(answer.action, 'ShowBlockPage', JSON.stringify(answer));
  const requests = await world.program.requests('pending');
  const request = requests.find(({ address }) => address === email);
  assert.ok(request, `${email} does not wait`);
  return { ...request, email };
}

// --- the whole path

test('the documentation shows the queue, a request and the account', async (page) => {
  await waiting({ email: 'bob@northwind.example', displayName: 'Bob Cooper' });
  await waiting({ email: 'johnsmith@northwind.example', displayName: 'John Smith' });
  const applicant = new Applicant(page, world.program, 'guests', ENGLISH);
  applicant.email = 'jane@example.com';
  const request = await applicant.apply();
  const desk = await Console.signIn(page, world.program);
  await illustration(page, 'approval-queue');
  await desk.pick(applicant.email);
  await page.getByLabel('Reason', { exact: true }).fill('Known since the fair');
  await page.locator(':focus').blur();
  await illustration(page, 'approval-request', { downTo: page.getByRole('button', { name: 'Approve' }) });
  await press(page, 'Approve');
  await provisioned(world.program, request);
  await applicant.openAccount();
  await illustration(page, 'approval-account');
});

for (const words of LANGUAGES) {
  test(`who waits is approved and comes back with an account, in ${words.name}`, async (page) => {
    const applicant = new Applicant(page, world.program, 'guests', words);
    const request = await applicant.apply();

    const desk = await Console.signIn(page, world.program);
    await desk.assertHeading('Requests');
    await checked(page, `console-queue-${words.tag}`);
    await desk.pick(applicant.email);
    await desk.assertHeading('Jane Roe');
    assert.deepEqual(await desk.applicant(), shown(applicant));
    await checked(page, `console-request-${words.tag}`);
    await desk.decide('Approve', 'Known since the fair');
    await desk.assertSaid('status', 'You approved it.');
    const [opened, approved] = await desk.history();
    assert.match(opened, /: The applicant made it$/);
    assert.match(approved, /: alex@contoso\.example \([0-9a-f-]{36}\) approved it: Known since the fair$/);
    await checked(page, `console-approved-${words.tag}`);

    await provisioned(world.program, request);
    await applicant.assertHasAccount();
    await applicant.assertComesBack();
  });

  test(`who was denied waits again once that is undone, in ${words.name}`, async (page) => {
    const applicant = new Applicant(page, world.program, 'guests', words);
    const request = await applicant.apply();
    const desk = await Console.signIn(page, world.program, { path: `/console/requests/${request.id}` });
    await desk.decide('Deny', 'Not a partner');
    await desk.assertSaid('status', 'You denied it.');
    await desk.assertState('denied', request);
    await applicant.assertTold(await applicant.come(), 'after-federation', 'denied');

    await desk.openRequest(request);
    await desk.decide('Open again', 'It was a mistake');
    await desk.assertSaid('status', 'You opened it again.');
    assert.equal(await desk.state(), WAITING);
    await applicant.assertTold(await applicant.come(), 'after-federation', 'waitsAlready');
  });
}

/** What the console calls it that the applicant typed. */
function shown({ email }) {
  return {
    'E-mail address': email,
    'Signs in with': 'google.com',
    'Display name': 'Jane Roe',
    'Given name': 'Jane',
    Surname: 'Roe',
    Company: 'Contoso Ångström',
    'Job title': 'Buyer',
    City: 'Malmö',
    'Postal code': '211 20',
    'Country or region': 'SE',
    SupplierNumber: 'S-4711',
  };
}

test('the simulator leads to the console', async (page) => {
  await page.goto('/');
  await follow(page, page.getByRole('link', { name: 'Approval console' }));
  await new Console(page, world.program).choose(APPROVER);
  await page.getByRole('heading', { level: 1, name: 'Requests' }).waitFor();
});

test('whoever was slower is told what happened, and types nothing again', refused(409), async (page) => {
  const request = await waiting();
  const desk = await Console.signIn(page, world.program, { path: `/console/requests/${request.id}` });
  await world.program.decide('deny', request.id);
  await desk.decide('Approve', 'Known since the fair');
  await page.getByRole('alert').getByText('Somebody was faster').waitFor();
  await page.getByRole('alert').getByText(/Alex Approver denied it: a test$/).waitFor();
  await checked(page, 'console-faster');
  await desk.assertState('denied', request);
});

// --- several requests

/** Some who wait, and are found by a domain of their own. */
async function waitingAt(domain, names) {
  const all = [];
  for (const displayName of names) all.push(await waiting({ email: somebody(domain), displayName }));
  return all;
}

/** Signs in, and shows those who wait with addresses of a domain. */
async function queueOf(page, domain) {
  const desk = await Console.signIn(page, world.program);
  await page.getByLabel('Domain', { exact: true }).fill(domain);
  await press(page, 'Filter');
  return desk;
}

test('several are denied after a look at what would become of each', async (page) => {
  const [ann, bob, cleo] = await waitingAt('bulk.example', ['Ann Ek', 'Bob Bok', 'Cleo Alm']);
  const desk = await queueOf(page, 'bulk.example');
  for (const { email } of [ann, bob, cleo]) await desk.line(email).getByRole('checkbox').check();
  await world.program.decide('deny', cleo.id);
  await press(page, 'Deny selected…');
  await desk.assertHeading('Deny several requests');
  assert.deepEqual(await listed(page, 'These will be changed'), ['Ann Ek: Denied', 'Bob Bok: Denied']);
  const [overtaken] = await listed(page, 'These will not be changed');
  assert.match(overtaken, /^Cleo Alm: Somebody has changed it since you looked\./);
  await checked(page, 'console-bulk-preview');
  for (const request of [ann, bob]) await desk.assertState('pending', request);

  await page.getByLabel('Message to the applicant (optional)').fill('Please use your work address.');
  await desk.decide('Deny 2', 'Not a partner');
  await desk.assertHeading('What became of the requests');
  assert.deepEqual(await listed(page, 'Changed', 'status'), ['Ann Ek: Denied', 'Bob Bok: Denied']);
  await checked(page, 'console-bulk-decided');
  for (const request of [ann, bob]) await desk.assertState('denied', request);
  const { text } = await mailTo(world.program, bob.email, 'Your application was not approved');
  assert.ok(text.includes('> Please use your work address.') && !text.includes('Not a partner'), text);
});

/** The requests that a part of the page lists, in the order of their names. */
async function listed(page, name, role = 'region') {
  const lines = await page.getByRole(role, { name, exact: true }).getByRole('listitem').allInnerTexts();
  return lines.sort();
}

test('they are selected and opened with keys', async (page) => {
  const [ann, bob] = await waitingAt('keys.example', ['Ann Ek', 'Bob Bok']);
  const desk = await queueOf(page, 'keys.example');
  for (const key of ['j', 'x', 'j', 'x', 'k', 'x']) await page.keyboard.press(key);
  const isChosen = ({ email }) => desk.line(email).getByRole('checkbox').isChecked();
  assert.deepEqual([await isChosen(ann), await isChosen(bob)], [false, true]);
  await Promise.all([page.waitForEvent('domcontentloaded'), page.keyboard.press('Enter')]);
  await desk.assertHeading('Ann Ek');
});

test('they are found by id, by address in any spelling, and by domain', async (page) => {
  const [ann, bob] = await waitingAt('search.example', ['Ann Ek', 'Bob Bok']);
  const desk = await Console.signIn(page, world.program);
  const search = async (sought) => {
    await page.getByLabel('Id, e-mail address or domain').fill(sought);
    await press(page, 'Search');
  };
  await search(ann.id);
  await desk.assertHeading('Ann Ek');

  await desk.open();
  const found = async (sought) => {
    await search(sought);
    await desk.assertHeading('Search');
    return page.getByRole('main').getByRole('heading', { level: 2 }).allInnerTexts();
  };
  assert.deepEqual(await found(bob.email.toUpperCase()), ['Bob Bok']);
  assert.deepEqual((await found('search.example')).sort(), ['Ann Ek', 'Bob Bok']);
  await checked(page, 'console-search');
  assert.ok(!page.url().includes('search.example'), page.url());
  assert.deepEqual(await found('nobody.example'), []);
  await page.getByText('There are no such requests among yours.').waitFor();
  assert.deepEqual(await found('who?'), []);
  await page.getByText('This is not an id, a whole e-mail address or a domain.').waitFor();
  await checked(page, 'console-search-nothing');
});

test('they are downloaded as a file, without who applies', async (page) => {
  const [ann, bob] = await waitingAt('file.example', ['Ann Ek', 'Bob Bok']);
  await queueOf(page, 'file.example');
  const link = page.getByRole('link', { name: 'Download these requests as CSV, without names' });
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.equal(download.suggestedFilename(), 'requests.csv');
  const file = await readFile(await download.path(), 'utf8');
  const [head, ...lines] = file.trim().split(/\r?\n/);
  assert.match(head, /^id,state,since,/);
  assert.deepEqual(
    lines.map((line) => line.split(',').slice(0, 2)),
    [ann, bob].map(({ id }) => [id, 'pending']),
  );
  for (const personal of ['Ann Ek', ann.email, bob.email]) assert.ok(!file.includes(personal), file);
});

// --- for everybody

test('every page fits a phone', { phone: true, ...refused(404) }, async (page) => {
  const request = await waiting();
  const desk = await Console.signIn(page, world.program);
  await checked(page, 'console-phone-queue');
  await desk.openRequest(request);
  await checked(page, 'console-phone-request');
  await desk.open('/console/requests/00000000000000000000000000');
  await desk.assertHeading('There is nothing here');
  await checked(page, 'console-phone-missing');
  await desk.openRequest(request);
  await press(page, 'Sign out');
  await desk.assertHeading('You are signed out');
  await checked(page, 'console-phone-signed-out');
});

test('it works without scripts', { javaScript: false }, async (page) => {
  const request = await waiting();
  const desk = await Console.signIn(page, world.program);
  await desk.pick(request.email);
  await desk.decide('Approve', 'Known since the fair');
  await desk.assertSaid('status', 'You approved it.');
  await screenshot(page, 'console-without-scripts');
});

test('it works with a keyboard alone', async (page) => {
  const request = await waiting();
  const desk = new Console(page, world.program);
  await desk.open();
  await keyed(page, page.getByRole('button', { name: APPROVER }));
  await desk.assertHeading('Requests');
  // The first thing to reach leads past what is the same on every page.
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to the content');
  await page.keyboard.press('Enter');
  const line = page.getByRole('listitem').filter({ hasText: request.email });
  await keyed(page, line.getByRole('heading').getByRole('link'));
  await desk.assertHeading('Jane Roe');
  await reach(page, page.getByLabel('Reason', { exact: true }));
  await page.keyboard.type('Known since the fair');
  await keyed(page, page.getByRole('button', { name: 'Approve' }));
  await desk.assertSaid('status', 'You approved it.');
});

/** Goes on with Tab until something has the focus. */
async function reach(page, wanted) {
  const isReached = () => wanted.evaluate((element) => element === document.activeElement);
  for (let steps = 0; steps < 200; steps += 1) {
    if (await isReached()) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${wanted} cannot be reached with a keyboard`);
}

async function keyed(page, wanted) {
  await reach(page, wanted);
  await Promise.all([page.waitForEvent('domcontentloaded'), page.keyboard.press('Enter')]);
}

const focused = (page) => page.evaluate(() => document.activeElement.textContent);

// --- what it refuses

test('whoever is not signed in is led to the sign-in, and then to what was asked for', async (page) => {
  const request = await waiting();
  const desk = new Console(page, world.program);
  for (const path of ['/console', '/console?state=denied', `/console/requests/${request.id}`]) {
    await desk.open(path);
    await desk.assertHeading('Pick an account');
  }
  await desk.choose(APPROVER);
  await desk.assertHeading('Jane Roe');
});

test('whose session is over while filtering is led to the sign-in, too', async (page) => {
  const desk = await Console.signIn(page, world.program);
  await page.context().clearCookies();
  await page.getByLabel('Domain', { exact: true }).fill('example.com');
  await press(page, 'Filter');
  await desk.choose(APPROVER);
  await desk.assertHeading('Requests');
  assert.equal(await page.getByLabel('Domain', { exact: true }).inputValue(), 'example.com');
});

test('another language keeps what was filtered for', async (page) => {
  const desk = await Console.signIn(page, world.program, { path: '/console?domain=example.com' });
  await follow(page, page.getByRole('link', { name: 'Svenska' }));
  await desk.assertHeading('Ansökningar');
  assert.equal(await page.locator('input[name=domain]').inputValue(), 'example.com');
});

test('whoever has no role gets a kind word, and no page', refused(403), async (page) => {
  const desk = await Console.signIn(page, world.program, { as: COLLEAGUE });
  await desk.assertHeading('You cannot use this console');
  await checked(page, 'console-no-role');
  await desk.open();
  await desk.assertHeading('Pick an account');
});

test('a sign-in that was not finished can be tried again', refused(400), async (page) => {
  const desk = new Console(page, world.program);
  await desk.open();
  await press(page, 'Cancel');
  await desk.assertHeading('The sign-in was not finished');
  await checked(page, 'console-sign-in-failed');
  await follow(page, page.getByRole('link', { name: 'Go to the requests' }));
  await desk.assertHeading('Pick an account');
});

test('what was typed is text everywhere', async (page) => {
  const script = (name) => `<script>document.title='${name}'</script><img src=x onerror=alert(1)>"'&amp;{{7*7}}`;
  const names = { 'Display name': 'displayName', Surname: 'surname', City: 'city', 'Job title': 'jobTitle' };
  const typed = Object.fromEntries(Object.values(names).map((name) => [name, script(name)]));
  // The lists send this domain to a review, and no policy has anything to say about the text.
  const request = await waiting({ flow: '', email: somebody('example.net'), ...typed });
  page.on('dialog', () => assert.fail('a script has run'));

  const desk = await Console.signIn(page, world.program, { path: '/console?domain=example.net' });
  await page.getByRole('link', { name: typed.displayName, exact: true }).waitFor();
  await assertNothingElse(page);
  await desk.pick(request.email);
  await desk.assertHeading(typed.displayName);
  const facts = await desk.applicant();
  for (const [label, name] of Object.entries(names)) assert.equal(facts[label], typed[name]);
  await desk.decide('Deny', script('reason'));
  const history = await desk.history();
  assert.ok(history.at(-1).endsWith(`denied it: ${script('reason')}`), history.at(-1));
  await assertNothingElse(page);
  await desk.open(`/console?flow=${encodeURIComponent(script('flow'))}`);
  assert.equal(await page.getByLabel('User flow', { exact: true }).inputValue(), script('flow'));
  await assertNothingElse(page);
});

/** Nothing but the elements of the console's own templates. */
async function assertNothingElse(page) {
  assert.equal(await page.locator('script:not([src]), img, svg, iframe').count(), 0);
  assert.ok(['script', 'displayName', 'flow'].every((name) => name !== page.title()));
}

test('the form token of somebody else is refused', refused(403), async (page) => {
  const request = await waiting();
  const path = `/console/requests/${request.id}`;
  const token = page.locator('main input[name=token]');
  await Console.signIn(page, world.program, { as: ADMINISTRATOR, path });
  const stolen = await token.inputValue();
  await page.context().clearCookies();
  const desk = await Console.signIn(page, world.program, { path });
  await token.evaluate((input, value) => Object.assign(input, { value }), stolen);
  await desk.decide('Approve');
  await desk.assertHeading(FORGED);
  await checked(page, 'console-forged');
  await desk.assertState('pending', request);
});

test('a forged session is none', async (page) => {
  const desk = await Console.signIn(page, world.program);
  const [session] = (await page.context().cookies()).filter(({ name }) => name === '__Host-approvals-session');
  assert.deepEqual([session.httpOnly, session.secure, session.sameSite, session.path], [true, true, 'Lax', '/']);
  const last = session.value.at(-2) === 'A' ? 'B' : 'A';
  const value = session.value.slice(0, -2) + last + session.value.at(-1);
  await page.context().addCookies([{ ...session, value }]);
  await desk.open();
  await desk.assertHeading('Pick an account');
});

/** Another port is another origin of the same site, to which cookies are sent; another name is another site. */
for (const [whose, of] of [
  ['another origin', (origin) => origin],
  ['another site', otherSite],
]) {
  const complaint = /status of 403|Content Security Policy/;
  test(`a form of ${whose} is refused, even with the right token`, { complaint }, async (page) => {
    const request = await waiting();
    const desk = await Console.signIn(page, world.program, { path: `/console/requests/${request.id}` });
    const fields = await page.locator('main input[type=hidden]').evaluateAll((all) => all.map((one) => one.outerHTML));
    const action = `${world.program.functions}/console/requests/${request.id}`;
    const form = `<form method="post" action="${action}">${fields.join('')}<button name="action" value="approve">Win</button></form>`;
    elsewhere.answer('/', raw(`<!doctype html><title>Win</title>${form}`, { type: 'text/html' }));
    await page.goto(`${of(elsewhere.origin)}/`);
    await press(page, 'Win');
    await desk.assertHeading(FORGED);
    await desk.assertState('pending', request);
  });
}

test('a form of a session that is over changes nothing', refused(403), async (page) => {
  const request = await waiting();
  const desk = await Console.signIn(page, world.program, { path: `/console/requests/${request.id}` });
  await page.context().clearCookies();
  await desk.decide('Approve');
  await desk.assertHeading('You are no longer signed in');
  await checked(page, 'console-session-over');
  await desk.assertState('pending', request);
});

// --- looking back

test('an administrator sees who decided and who changed the lists', async (page) => {
  const request = await waiting();
  await world.program.decide('deny', request.id);
  const matcher = `${request.id}.example`;
  await world.program.signupctl('list', 'add', matcher, '--effect', 'deny', '--reason', 'fraud', '--author', 'Robin');
  const desk = await Console.signIn(page, world.program, { as: ADMINISTRATOR });
  await follow(page, page.getByRole('link', { name: 'Audit', exact: true }));
  await desk.assertHeading(/^What people changed on \d{4}-\d\d-\d\d$/);
  const record = (text) => page.locator('main > ol > li').filter({ hasText: text });
  await record(matcher).getByText('added an entry to the list default', { exact: true }).waitFor();
  await checked(page, 'console-audit');
  const decision = record(`request ${request.id}`);
  await decision.getByText('denied it', { exact: true }).waitFor();
  await follow(page, decision.getByRole('link', { name: 'Alex Approver' }));
  assert.equal(await record(matcher).count(), 0);
  await follow(page, decision.getByRole('link', { name: `request ${request.id}` }));
  await desk.assertHeading('Jane Roe');
});
// --- lists

test('an administrator adds an entry, sees who waits and matches, and has it expire', async (page) => {
  const request = await waiting();
  const desk = await Console.signIn(page, world.program, { as: ADMINISTRATOR });
  await follow(page, page.getByRole('link', { name: 'Lists', exact: true }));
  await desk.assertHeading('Lists');
  await checked(page, 'console-lists');
  const form = page.getByRole('region', { name: 'Add or change an entry' });
  await form.getByLabel('Matcher', { exact: true }).fill(request.email.toUpperCase());
  await form.getByLabel('Effect', { exact: true }).selectOption('Allow');
  await form.getByLabel('Reason', { exact: true }).fill('Known since the fair');
  await form.getByLabel('Expires (optional)', { exact: true }).fill('2999-01-31');
  await press(page, 'See what would change');
  await desk.assertHeading('What would change');
  const matching = page.getByRole('region', { name: 'Matching requests that wait' });
  await matching.getByRole('link', { name: request.id }).waitFor();
  await checked(page, 'console-lists-preview');
  assert.deepEqual(await entries(request.email), []);

  await press(page, 'Confirm');
  await desk.assertHeading('The entry');
  await checked(page, 'console-lists-changed');
  const [added] = await entries(request.email);
  assert.equal(added.effect, 'allow');
  assert.match(added.owner, /^robin@contoso\.example \([0-9a-f-]{36}\)$/);
  await matching.getByRole('checkbox').check();
  await press(page, 'Approve selected…');
  await desk.assertHeading('Approve several requests');
  await desk.assertState('pending', request);

  await desk.open('/console/lists');
  await page.getByLabel('Matcher to look up', { exact: true }).fill(request.email);
  await press(page, 'Look up');
  await page.getByRole('heading', { level: 2, name: request.email }).waitFor();
  await press(page, 'Expire now…');
  await press(page, 'Confirm');
  const [ended] = await entries(request.email);
  assert.deepEqual([ended.effect, ended.expired], ['allow', true]);
});

/** What the lists say of a matcher. */
async function entries(matcher) {
  const lines = await world.program.signupctl('list', 'show', '--json');
  const all = lines.trim().split('\n').filter(Boolean);
  return all.map((line) => JSON.parse(line)).filter((entry) => entry.matcher === matcher);
}

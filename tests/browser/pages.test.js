// The pages around the sign-ups: inbox, directory, tokens, receiver, partners, faults. Behind them are the functions.

import assert from 'node:assert/strict';

import { checked, follow, press } from './harness/browser.js';
import { SignUp, facts, somebody } from './harness/sign-up.js';
import { ENGLISH, SWEDISH } from './harness/words.js';
import { World } from './harness/world.js';

const world = World.of();
const { test } = world;

test('the first page shows every user flow with the steps that it calls', async (page) => {
  await page.goto('/');
  for (const [name, steps] of [
    ['Partners', ['/connectors/after-federation', '/connectors/before-creating-user']],
    ['Shop', ['/connectors/after-federation', '/connectors/before-creating-user', '/connectors/before-token']],
    [
      'Customers',
      [
        '/extensions/otp-send',
        '/extensions/attribute-collection-start',
        '/extensions/attribute-collection-submit',
        '/extensions/token-issuance-start',
      ],
    ],
  ]) {
    const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
    const urls = await card.getByRole('definition').locator('code').allInnerTexts();
    assert.deepEqual(
      urls,
      steps.map((step) => `${world.program.functions}${step}`),
    );
  }
  await checked(page, 'home');
});

test('every page is reached from every other', async (page) => {
  await page.goto('/');
  for (const [link, heading] of [
    ['Directory', 'Directory'],
    ['Inbox', 'Inbox'],
    ['Receiver', 'Receiver of webhooks'],
    ['Tokens', 'Tokens'],
    ['Partners', 'Partner systems'],
    ['Faults', 'Faults'],
    ['User flows', 'User flows of contoso'],
  ]) {
    await follow(page, page.getByRole('navigation', { name: 'Simulator' }).getByRole('link', { name: link }));
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
    await checked(page, `page-${link.replaceAll(' ', '-').toLowerCase()}`);
  }
});

test('what is not there says so', async (page) => {
  const expected = new Map([
    ['/flows/nobody', 404],
    ['/sign-ups/0', 404],
    ['/directory/0', 404],
    ['/inbox/0', 404],
    ['/received/0', 404],
  ]);
  for (const [path, status] of expected) {
    const response = await world.program.fetch(path);
    assert.equal(response.status, status, path);
    assert.match(await response.text(), /Local simulator/);
  }
  await page.goto('/');
});

test('the code of a sign-up is in the inbox, in the language of the sign-up', async (page) => {
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'shop', 'email-code', SWEDISH);
  await signUp.identify(email);
  const code = await signUp.mailedCode(email);
  await follow(page, page.getByRole('link', { name: 'the inbox of that address' }));
  await checked(page, 'inbox-of-one');
  await follow(page, page.getByRole('link', { name: 'Din verifieringskod för kontot hos contoso' }));
  const mail = await facts(page);
  assert.equal(mail.To, email);
  await page.getByText(`Din verifieringskod är ${code}.`).waitFor();
  await checked(page, 'mail-of-a-code');

  await page.goto(`/sign-ups/${signUp.id}`);
  await signUp.prove(email);
  await signUp.assertHeading(SWEDISH.details);
});

test(
  'mail that comes by SMTP is shown, and its HTML can do nothing',
  { complaint: /Content Security Policy|sandbox/ },
  async (page) => {
    const to = somebody();
    await world.program.sendMail(
      [
        'From: Approvals <approvals@contoso.example>',
        `To: ${to}`,
        `Subject: =?utf-8?B?${Buffer.from('註冊').toString('base64')}?= waits for you`,
        'MIME-Version: 1.0',
        'Content-Type: text/html; charset=utf-8',
        '',
        '<p>Review <b>it</b></p><script>parent.document.title = "owned"</script><img src="http://192.0.2.1/pixel.png">',
      ],
      to,
    );
    await page.goto(`/inbox?to=${encodeURIComponent(to)}`);
    await follow(page, page.getByRole('link', { name: '註冊 waits for you' }));
    const frame = page.frameLocator('iframe[title="HTML part of the mail"]');
    await frame.getByText('Review it').waitFor();
    assert.match(await page.title(), /註冊 waits for you/);
    await checked(page, 'mail-with-html');
  },
);

test('the directory lists an account with everything that is known of it', async (page) => {
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'partners', 'facebook');
  await signUp.identify(email, { accountId: '55501' });
  await signUp.fill({ 'Display name': 'Ann Sørensen', City: '高雄市', 'Supplier number': '0017' });
  await signUp.create();
  await signUp.assertHeading(ENGLISH.created);

  await page.goto('/directory');
  const row = page.getByRole('row').filter({ hasText: email });
  assert.deepEqual((await row.getByRole('cell').allInnerTexts()).slice(0, 5), [
    'Ann Sørensen',
    email,
    'Guest',
    'Workforce tenant',
    'Sign-up: Partners',
  ]);
  await checked(page, 'directory');
  await follow(page, row.getByRole('link'));
  const account = await facts(page);
  assert.equal(account['User principal name'], `${email.replace('@', '_')}#EXT#@contoso.onmicrosoft.com`);
  assert.equal(account.city, '高雄市');
  assert.equal(account.extension_00001111aaaa2222bbbb3333cccc4444_SupplierNumber, '0017');
  const identity = page.getByRole('region', { name: 'Identities' }).getByRole('cell');
  assert.deepEqual(await identity.allInnerTexts(), ['federated', 'facebook.com', '55501']);
  await checked(page, 'account');

  // Without the account the same person is new again.
  await press(page, 'Delete this account');
  await page.getByRole('heading', { level: 1, name: 'Directory', exact: true }).waitFor();
  assert.equal(await page.getByText(email).count(), 0);
  const again = await SignUp.begin(page, world.program, 'partners', 'facebook');
  await again.identify(email, { accountId: '55501' });
  await again.assertHeading(ENGLISH.details);
});

test('a member is added on the page, once', { complaint: /status of 4\d\d/ }, async (page) => {
  const add = async () => {
    await page.goto('/directory');
    await page.getByLabel('Display name').fill('Kim Colleague');
    await page.getByLabel(/^User name/).fill('kim');
    await page.getByLabel(/^Mail address/).fill('kim@contoso.example');
    await press(page, 'Add');
  };
  await add();
  await page.getByRole('heading', { level: 1, name: 'Kim Colleague' }).waitFor();
  assert.equal((await facts(page)).Kind, 'Member');
  await add();
  await page.getByRole('alert').waitFor();
  await checked(page, 'directory-conflict');
});

test('a person of the operator signs in with a code and PKCE', async (page) => {
  await page.goto('/tokens');
  await checked(page, 'tokens');
  await follow(page, page.getByRole('link', { name: 'Try the sign-in' }));
  await page.getByRole('heading', { level: 1, name: 'Pick an account' }).waitFor();
  assert.match(page.url(), /code_challenge_method=S256/);
  await checked(page, 'sign-in-choose');
  await follow(page, page.getByRole('button', { name: /Alex Approver/ }));
  await page.getByRole('heading', { level: 1, name: 'Signed in' }).waitFor();
  await checked(page, 'sign-in-done');
  const claims = await after(page, 'Claims of the id token');
  assert.equal(claims.aud, '5f1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b11');
  assert.equal(claims.oid, '0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1e01');
  assert.deepEqual(claims.roles, ['approver']);
});

test('a person of the operator may turn back', { complaint: /status of 400/ }, async (page) => {
  await page.goto('/sign-in/start');
  await press(page, 'Cancel');
  await page.getByRole('heading', { level: 1, name: 'Not signed in' }).waitFor();
  await page.getByText('access_denied').waitFor();
  await checked(page, 'sign-in-refused');
});

/** The JSON under a heading. */
async function after(page, heading) {
  const text = await page.getByRole('heading', { name: heading, exact: true }).locator('+ pre').textContent();
  return JSON.parse(text);
}

test('the functions refuse a spoilt token, and the column says so', async (page) => {
  await page.goto('/tokens');
  const wrong = page.getByLabel('What is wrong with them');
  const options = await wrong.locator('option').allInnerTexts();
  assert.ok(options.length > 3, options.join());
  try {
    for (const option of options.slice(1)) {
      await page.goto('/tokens');
      await wrong.selectOption({ label: option });
      await press(page, 'Use for the next calls');
      await page.getByText('Every call now has a token').waitFor();
      const signUp = await SignUp.begin(page, world.program, 'customers', 'google');
      await signUp.identify(somebody());
      await signUp.assertHeading(ENGLISH.failed);
      const { calls } = await signUp.record();
      assert.deepEqual([calls[0].status, calls[0].code], [401, '1003002 InvalidHTTPStatus'], option);
    }
    await checked(page, 'customers-spoilt-token');
  } finally {
    await page.goto('/tokens');
    await wrong.selectOption({ label: 'Nothing' });
    await press(page, 'Use for the next calls');
    await page.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor();
  }
});

test('the functions accept the tokens of every issuer, and of a new key', async (page) => {
  await page.goto('/tokens');
  const issuer = page.getByLabel('Issuer', { exact: true });
  const issuers = await issuer.locator('option').allInnerTexts();
  for (const one of issuers) {
    await page.goto('/tokens');
    await issuer.selectOption({ label: one });
    await press(page, 'Use for the next calls');
    await page.getByRole('heading', { level: 1, name: 'Tokens' }).waitFor();
    const signUp = await SignUp.begin(page, world.program, 'customers', 'google');
    await signUp.identify(somebody());
    assert.deepEqual(await signUp.verdicts(), ['after-federation: continue'], one);
  }
});

test('what is sent to the receiver is shown', async (page) => {
  const send = () =>
    world.program.fetch('/receiver/crm', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'webhook-id': 'msg_1' },
      body: '{"type":"sign_up.blocked"}',
    });
  assert.equal((await send()).status, 204);
  assert.equal((await send()).status, 204);
  await page.goto('/received');
  const rows = page.getByRole('row').filter({ hasText: 'POST /receiver/crm' });
  assert.equal(await rows.count(), 2);
  await rows.first().getByText('attempt 2').waitFor();
  await checked(page, 'received-two');
  await follow(page, rows.first().getByRole('link'));
  await page.getByRole('cell', { name: 'webhook-id', exact: true }).waitFor();
  assert.match(await page.locator('pre').textContent(), /"type": "sign_up\.blocked"/);
  await checked(page, 'received-one');
});

test('the receiver answers what the faults page says', async (page) => {
  await page.goto('/faults');
  await page.getByLabel(/^Status of its answers/).fill('503');
  await press(page, 'Save');
  await page.getByRole('status').getByText('the webhook receiver').waitFor();
  const response = await world.program.fetch('/receiver/crm', { method: 'POST', body: 'x' });
  assert.equal(response.status, 503);
  await press(page, 'Everything works');
  await page.getByText('Everything works.', { exact: true }).waitFor();
});

test('a fault out of bounds is refused with its field', { complaint: /status of 422/ }, async (page) => {
  await page.goto('/faults');
  await page.locator('form[action="/faults"]').evaluate((form) => (form.noValidate = true));
  const field = page.getByLabel(/^Delay in ms/);
  await field.fill('60001');
  await press(page, 'Save');
  await page.getByRole('alert').waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  await checked(page, 'faults-refused');
  assert.equal((await world.program.json('/simulator/faults')).calls.delayMs, 0);
});

test('forms of another site are refused', async (page) => {
  const response = await world.program.fetch('/directory', {
    method: 'POST',
    headers: { Origin: 'http://attacker.example' },
    body: new URLSearchParams({ 'display-name': 'Mallory', 'user-name': 'mallory' }),
  });
  assert.equal(response.status, 403);
  await page.goto('/directory');
  assert.equal(await page.getByText('Mallory').count(), 0);
});

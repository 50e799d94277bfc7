// Whole sign-ups against the functions: every kind of tenant, every identity provider that it offers.

import assert from 'node:assert/strict';

import { checked, follow, illustration } from './harness/browser.js';
import { SignUp, claims, provesAddress, somebody } from './harness/sign-up.js';
import { ENGLISH, LANGUAGES } from './harness/words.js';
import { World } from './harness/world.js';

const world = World.of();
const { test } = world;

const FEDERATED = ['google', 'facebook', 'entra', 'microsoft', 'email-code'];

const FLOWS = [
  {
    id: 'partners',
    name: 'Partners',
    application: 'Partner portal',
    providers: FEDERATED,
    fields: { 'Display name': 'Jane Roe', 'Job title': 'Supplier', City: 'Malmö', 'Supplier number': 'S-17' },
    attributes: {
      displayName: 'Jane Roe',
      jobTitle: 'Supplier',
      city: 'Malmö',
      extension_00001111aaaa2222bbbb3333cccc4444_SupplierNumber: 'S-17',
    },
    claims: { name: 'Jane Roe', city: 'Malmö', extension_SupplierNumber: 'S-17' },
    steps: ['after-federation', 'before-creating-user'],
  },
  {
    id: 'shop',
    name: 'Shop',
    application: 'Customer shop',
    providers: [...FEDERATED, 'local'],
    fields: { 'Display name': 'Jane Roe', City: 'Taipei', 'Loyalty number': 4711, 'Send me the newsletter': true },
    attributes: {
      displayName: 'Jane Roe',
      city: 'Taipei',
      extension_00001111aaaa2222bbbb3333cccc4444_LoyaltyNumber: '4711',
      extension_00001111aaaa2222bbbb3333cccc4444_Newsletter: 'true',
    },
    claims: { name: 'Jane Roe', city: 'Taipei', extension_LoyaltyNumber: '4711', extension_Newsletter: 'true' },
    steps: ['after-federation', 'before-creating-user', 'before-token'],
  },
  {
    id: 'customers',
    name: 'Customers',
    application: 'Customer shop',
    providers: [...FEDERATED, 'local'],
    fields: { 'Display name': 'Jane Roe', City: 'Porto', 'Graduation year': 2010, 'Put me on the mailing list': true },
    attributes: {
      displayName: 'Jane Roe',
      city: 'Porto',
      extension_00001111aaaa2222bbbb3333cccc4444_GraduationYear: '2010',
      extension_00001111aaaa2222bbbb3333cccc4444_OnMailingList: 'true',
    },
    claims: { name: 'Jane Roe', city: 'Porto', extension_GraduationYear: '2010' },
    steps: ['after-federation', 'before-creating-user', 'before-token'],
  },
];

/** The pages of the others differ from Google's in a heading. */
const LOOKED_AT = ['google', 'email-code', 'local'];

/** B2C does not call the first step for local accounts; extensions are asked to send the code of an address. */
const stepsOf = (flow, provider) => {
  if (flow.id === 'shop' && provider === 'local') return flow.steps.slice(1);
  return flow.id === 'customers' && provesAddress(provider) ? ['otp-send', ...flow.steps] : flow.steps;
};

for (const flow of FLOWS) {
  for (const provider of flow.providers) {
    test(`${flow.name}: a sign-up with ${provider} ends with an account and a token`, async (page) => {
      const email = somebody();
      const look = async (name) => {
        if (LOOKED_AT.includes(provider)) await checked(page, `${flow.id}-${provider}-${name}`);
      };
      const signUp = await SignUp.begin(page, world.program, flow.id, provider);
      await look('1-provider');
      await signUp.identify(email);
      if (provesAddress(provider)) {
        await look('2-code');
        await signUp.prove(email);
      }

      await signUp.assertHeading(ENGLISH.details);
      await signUp.fill(flow.fields);
      if (provider === 'local') await signUp.choosePassword();
      await look('3-attributes');
      await signUp.create();

      await signUp.assertHeading(ENGLISH.created);
      await look('4-created');
      await signUp.goOn(flow.application);

      await signUp.assertHeading(ENGLISH.signedInTo(flow.application));
      await look('5-token');
      assertIncludes((await claims(page)).values, { ...flow.claims, idp: provider });
      const { calls } = await signUp.record();
      assert.deepEqual(
        calls.map(inShort),
        stepsOf(flow, provider).map((step) => `${step}: continue with 200 []`),
      );

      const account = await signUp.openAccount();
      assertIncludes(account, { ...flow.attributes, Mail: email, Source: `Sign-up: ${flow.name}` });
      await look('6-account');
    });
  }
}

/** What an answer was taken for, and everything that the simulator remarked about it. */
const inShort = ({ step, verdict, status, notes }) => `${step}: ${verdict} with ${status} ${JSON.stringify(notes)}`;

function assertIncludes(actual, expected) {
  const found = Object.fromEntries(Object.keys(expected).map((key) => [key, actual[key]]));
  assert.deepEqual(found, expected);
}

test('the documentation shows the page with the wire beside it', async (page) => {
  const signUp = await SignUp.begin(page, world.program, 'partners', 'facebook');
  await signUp.identify('johnsmith@fabrikam.onmicrosoft.com', { accountId: '0123456789' });
  await signUp.assertHeading(ENGLISH.details);
  await signUp.fill({ 'Job title': 'Supplier', City: 'Seattle', 'Postal code': '12345' });
  await page.locator(':focus').blur();
  await illustration(page, 'sign-up');
});

for (const words of LANGUAGES) {
  for (const flow of FLOWS) {
    test(`${flow.name}: whoever is on a deny list sees why, in ${words.name}`, async (page) => {
      const email = somebody();
      await world.program.deny(email);
      const signUp = await SignUp.begin(page, world.program, flow.id, 'google', words);
      await signUp.identify(email);
      await assertDenied(signUp, `${flow.id}-blocked-${words.tag}`);
      assert.deepEqual(await signUp.verdicts(), ['after-federation: block']);
      await assertNoAccount(page, email);
    });
  }

  test(`Shop: a local account is asked about once it is filled in, and denied in ${words.name}`, async (page) => {
    const email = somebody();
    await world.program.deny(email);
    const signUp = await SignUp.begin(page, world.program, 'shop', 'local', words);
    await signUp.arrive('local', email);
    await signUp.assertHeading(words.details);
    await checked(page, `shop-local-attributes-${words.tag}`);
    await signUp.fill({ [words.displayName]: 'Jane Roe', [words.city]: 'Oslo' });
    await signUp.choosePassword();
    await signUp.create();
    await assertDenied(signUp, `shop-local-blocked-${words.tag}`);
    assert.deepEqual(await signUp.verdicts(), ['before-creating-user: block']);
    await assertNoAccount(page, email);
  });
}

/** The message is the product's own, in the language of the page. */
async function assertDenied(signUp, name) {
  const { page, words } = signUp;
  await signUp.assertHeading(words.blocked);
  assert.match(await page.locator('p.message').innerText(), words.denied);
  assert.equal(await page.locator('html').getAttribute('lang'), words.tag);
  await checked(page, name);
}

async function assertNoAccount(page, email) {
  await page.goto('/directory');
  assert.equal(await page.getByText(email).count(), 0);
}

test('whoever is denied after the first step does not get an account at the second', async (page) => {
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'partners', 'facebook');
  await signUp.identify(email);
  await signUp.assertHeading(ENGLISH.details);
  await world.program.deny(email);
  await signUp.create();
  await signUp.assertHeading(ENGLISH.blocked);
  assert.deepEqual(await signUp.verdicts(), ['after-federation: continue', 'before-creating-user: block']);
  await assertNoAccount(page, email);
});

test('the language is chosen on the page, and the deployment is told', async (page) => {
  await page.goto('/flows/partners');
  for (const words of [...LANGUAGES].reverse()) {
    await page.getByRole('combobox').selectOption({ label: words.name });
    await follow(page, page.locator('form.language').getByRole('button'));
    await page.getByRole('heading', { level: 1, name: words.createAccount, exact: true }).waitFor();
    await checked(page, `partners-start-${words.tag}`);
  }
  await page.goto('/flows/partners?lang=sv-SE');
  const signUp = await SignUp.begin(page, world.program, 'partners', 'google');
  await signUp.identify(somebody());
  const { calls } = await signUp.record();
  assert.equal(calls[0].request.ui_locales, 'en-US');
});

test('the identities of a person are sent as each provider has them', async (page) => {
  const issuers = {};
  for (const provider of FEDERATED) {
    const signUp = await SignUp.begin(page, world.program, 'partners', provider);
    await signUp.arrive(provider, somebody());
    const { calls } = await signUp.record();
    issuers[provider] = calls[0].request.identities?.map(({ signInType, issuer }) => `${signInType} ${issuer}`);
  }
  assert.deepEqual(issuers, {
    google: ['federated google.com'],
    facebook: ['federated facebook.com'],
    entra: undefined,
    microsoft: undefined,
    'email-code': ['federated mail'],
  });
});

for (const flow of FLOWS) {
  test(`${flow.name}: who comes back is signed in, and nobody is asked about the account again`, async (page) => {
    const person = { accountId: '1234567890' + flow.id.length };
    const email = somebody();
    const first = await SignUp.begin(page, world.program, flow.id, 'facebook');
    await first.identify(email, person);
    await first.create();
    await first.assertHeading(ENGLISH.created);

    const second = await SignUp.begin(page, world.program, flow.id, 'facebook');
    await second.identify(email, person);
    await second.assertHeading(ENGLISH.known);
    await checked(page, `${flow.id}-known`);
    assert.deepEqual(await second.verdicts(), []);
    await second.goOn(flow.application);
    await second.assertHeading(ENGLISH.signedInTo(flow.application));
    const tokenStep = flow.id === 'partners' ? [] : ['before-token: continue'];
    assert.deepEqual(await second.verdicts(), tokenStep);

    const [one, other] = [await first.record(), await second.record()];
    assert.equal(one.account, other.account);
  });
}

test('a wrong code is not accepted, and a new one replaces the old', async (page) => {
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'customers', 'email-code');
  await signUp.identify(email);
  const old = await signUp.mailedCode(email);
  await signUp.fill({ Code: old === '00000000' ? '11111111' : '00000000' });
  await signUp.press('Next');
  await page.getByRole('alert').getByText('That code is not right.').waitFor();
  await checked(page, 'customers-code-wrong');

  await signUp.press('Send a new code');
  await signUp.assertHeading('Enter code');
  await signUp.fill({ Code: old });
  await signUp.press('Next');
  await page.getByRole('alert').waitFor();
  await signUp.prove(email);
  await signUp.assertHeading(ENGLISH.details);
});

test('the page itself refuses what is missing or no number, before anybody is asked', async (page) => {
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'shop', 'local');
  await signUp.arrive('local', email);
  // As a browser sends it that does not check forms.
  await page.locator('form[action$="/attributes"]').evaluate((form) => (form.noValidate = true));
  await signUp.fill({ 'Display name': ' ', 'New password': 'short', 'Confirm new password': 'short' });
  await signUp.create();
  await page.getByRole('alert').getByText('Correct the marked fields and try again.').waitFor();
  await checked(page, 'shop-refused-by-the-page');
  await assertDescribed(signUp, 'Display name', 'This information is required.');
  await assertDescribed(signUp, 'New password', 'The password must have at least 8 characters.');
  assert.deepEqual(await signUp.verdicts(), []);
});

async function assertDescribed(signUp, label, problem) {
  const field = signUp.field(label);
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  const id = await field.getAttribute('aria-describedby');
  assert.equal(await signUp.page.locator(`[id="${id}"]`).innerText(), problem);
}

test('a sign-up needs no mouse', async (page) => {
  const email = somebody();
  await page.goto('/');
  await reach(page, 'link', 'Sign up with Customers');
  await page.keyboard.press('Enter');
  await reach(page, 'button', ENGLISH.providers['email-code']);
  await page.keyboard.press('Space');
  await reach(page, 'textbox', ENGLISH.email);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(email);
  await page.keyboard.press('Enter');

  const signUp = new SignUp(page, world.program, ENGLISH);
  await signUp.assertHeading('Enter code');
  await reach(page, 'textbox', ENGLISH.code);
  await page.keyboard.type(await signUp.mailedCode(email));
  await page.keyboard.press('Enter');
  await signUp.assertHeading(ENGLISH.details);
  await reach(page, 'textbox', 'Display name (required)');
  await page.keyboard.type('Jane Roe');
  await reach(page, 'spinbutton', 'Graduation year');
  await page.keyboard.type('1999');
  await reach(page, 'checkbox', 'Put me on the mailing list');
  await page.keyboard.press('Space');
  await reach(page, 'button', ENGLISH.create);
  await page.keyboard.press('Enter');
  await signUp.assertHeading(ENGLISH.created);
  await reach(page, 'button', ENGLISH.continueTo('Customer shop'));
  await page.keyboard.press('Enter');
  await signUp.assertHeading(ENGLISH.signedInTo('Customer shop'));
  const { values } = await claims(page);
  assertIncludes(values, { name: 'Jane Roe', extension_GraduationYear: '1999', extension_OnMailingList: 'true' });
});

/** Presses Tab until something has the focus. */
async function reach(page, role, name) {
  const wanted = page.getByRole(role, { name, exact: true });
  await wanted.waitFor();
  for (let presses = 0; presses < 60; presses += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) {
      assert.ok(await wanted.isVisible());
      return;
    }
    await page.keyboard.press('Tab');
  }
  assert.fail(`the keyboard does not reach the ${role} “${name}”`);
}

test('a sign-up fits a phone', { phone: true }, async (page) => {
  await page.goto('/');
  await checked(page, 'phone-home');
  await follow(page, page.getByRole('link', { name: 'Sign up with Shop' }));
  await checked(page, 'phone-start');
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'shop', 'local');
  await checked(page, 'phone-provider');
  await signUp.identify(email);
  await checked(page, 'phone-code');
  await signUp.prove(email);
  await checked(page, 'phone-attributes');
  await signUp.fill({ 'Display name': 'Jane Roe' });
  await signUp.choosePassword();
  await signUp.create();
  await checked(page, 'phone-created');
  await signUp.goOn('Customer shop');
  await signUp.assertHeading(ENGLISH.signedInTo('Customer shop'));
  await checked(page, 'phone-token');
  await signUp.openAccount();
  await checked(page, 'phone-account');
  for (const path of ['directory', 'inbox', 'received', 'tokens', 'faults']) {
    await page.goto(`/${path}`);
    await checked(page, `phone-${path}`);
  }
});

test('a sign-up needs no JavaScript', { javaScript: false }, async (page) => {
  const email = somebody();
  const signUp = await SignUp.begin(page, world.program, 'shop', 'local');
  await signUp.arrive('local', email);
  await signUp.fill({ 'Display name': 'Jane Roe', 'Loyalty number': 7 });
  await signUp.choosePassword();
  await signUp.create();
  await signUp.assertHeading(ENGLISH.created);
  await signUp.goOn('Customer shop');
  await signUp.assertHeading(ENGLISH.signedInTo('Customer shop'));
  const account = await signUp.openAccount();
  assert.equal(account.extension_00001111aaaa2222bbbb3333cccc4444_LoyaltyNumber, '7');
});

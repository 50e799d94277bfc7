// What a sign-up does with each answer, right or broken. The deployment is scripted: its answers stand in the tests.

import assert from 'node:assert/strict';

import { checked, press } from './harness/browser.js';
import { action, actions, block, half, hangUp, invalid, json, proceed, raw, silence } from './harness/connector.js';
import { SignUp, claims, somebody } from './harness/sign-up.js';
import { CHINESE, ENGLISH, LANGUAGES, SWEDISH } from './harness/words.js';
import { World } from './harness/world.js';

const world = World.of({ scripted: true });
const { test } = world;

const APP = 'extension_00001111aaaa2222bbbb3333cccc4444';

/** Steps of a deployment that lets everybody go on, up to the page with the attributes. */
async function atDetails(page, flow, words = ENGLISH, email = somebody()) {
  const signUp = await SignUp.begin(page, world.program, flow, 'google', words);
  await signUp.identify(email);
  await signUp.assertHeading(words.details);
  return signUp;
}

// --- the request

for (const flow of ['partners', 'shop', 'customers']) {
  test(`${flow}: the column shows each request as it arrived, to the byte`, async (page) => {
    const signUp = await atDetails(page, flow, SWEDISH, 'förnamn+tag@exempel.example');
    await signUp.fill({ Visningsnamn: '“Ann”\t<b>&amp;</b> 陳大文 \\ /', Ort: 'Åmål 🏔' });
    await signUp.create();
    await signUp.assertHeading(SWEDISH.created);
    await assertShownAsReceived(signUp, flow, ['before-creating-user', 'after-federation']);
  });
}

/** The steps are the column's: newest first. */
async function assertShownAsReceived(signUp, flow, steps) {
  const bodies = await signUp.wire.evaluateAll((calls) =>
    calls.map((call) => call.querySelector('details pre').textContent),
  );
  const received = steps.map((step) => world.connector.at(`/${flow}/${step}`));
  assert.deepEqual(
    received.map((requests) => requests.length),
    steps.map(() => 1),
  );
  assert.deepEqual(
    bodies,
    received.map(([request]) => request.body),
  );
  for (const [request] of received) {
    assert.equal(request.method, 'POST');
    assert.equal(request.headers['content-type'], 'application/json');
    assert.match(request.headers.authorization, flow === 'customers' ? /^Bearer eyJ/ : /^Basic /);
  }
}

test('a credential is not shown whole', async (page) => {
  for (const flow of ['partners', 'customers']) {
    await atDetails(page, flow);
    const [{ headers }] = world.connector.at(`/${flow}/after-federation`);
    const text = await page.locator('aside').textContent();
    const [scheme, secret] = headers.authorization.split(' ');
    assert.ok(text.includes(`${scheme} ${secret.slice(0, 8)}`), text);
    assert.ok(!text.includes(secret));
  }
});

// --- validation errors

const CORRECTION = {
  'en-US': 'Please enter a valid city: “1” is none.',
  'sv-SE': 'Ange en giltig ort: ”1” är ingen ort.',
  'zh-TW': '請輸入有效的城市：「1」不是城市。',
};

for (const flow of ['partners', 'shop']) {
  for (const words of LANGUAGES) {
    test(`${flow}: a validation error is shown and corrected, in ${words.name}`, async (page) => {
      const path = `/${flow}/before-creating-user`;
      world.connector.answer(path, invalid(CORRECTION[words.tag]));
      const signUp = await atDetails(page, flow, words);
      await signUp.fill({ [words.displayName]: 'Jane Roe', [words.city]: '1' });
      await signUp.create();

      await page.getByRole('alert').getByText(CORRECTION[words.tag], { exact: true }).waitFor();
      await checked(page, `${flow}-validation-error-${words.tag}`);
      assert.equal(await signUp.field(words.displayName).inputValue(), 'Jane Roe');
      assert.equal(await signUp.field(words.city).inputValue(), '1');
      assert.equal((await signUp.record()).account, null);

      await signUp.fill({ [words.city]: 'Lund' });
      await signUp.create();
      await signUp.assertHeading(words.created);
      const cities = world.connector.at(path).map(({ body }) => JSON.parse(body).city);
      assert.deepEqual(cities, ['1', 'Lund']);
      assert.deepEqual((await signUp.verdicts()).slice(1), [
        'before-creating-user: validation-error',
        'before-creating-user: continue',
      ]);
    });
  }
}

const FIELDS = {
  'en-US': ['Please fix the below errors to proceed.', 'City cannot contain any numbers', 'At least 4 digits'],
  'sv-SE': ['Rätta felen nedan för att fortsätta.', 'Orten får inte innehålla siffror', 'Minst 4 siffror'],
  'zh-TW': ['請更正以下錯誤後再繼續。', '城市不得包含數字', '至少 4 位數字'],
};

for (const words of LANGUAGES) {
  test(`customers: each field has its own error, in ${words.name}`, async (page) => {
    const [message, city, year] = FIELDS[words.tag];
    const attributeErrors = { city, [`${APP}_GraduationYear`]: year };
    world.connector.answer(
      '/customers/before-creating-user',
      action('attributeCollectionSubmit', 'showValidationError', { message, attributeErrors }),
    );
    const signUp = await atDetails(page, 'customers', words);
    await signUp.fill({ [words.city]: 'M4lmö', 'Graduation year': 12, 'Put me on the mailing list': true });
    await signUp.create();

    const alert = page.getByRole('alert');
    await alert.getByText(message, { exact: true }).waitFor();
    await checked(page, `customers-field-errors-${words.tag}`);
    await assertMarked(signUp, words.city, city);
    await assertMarked(signUp, 'Graduation year', year);
    assert.equal(await signUp.field(words.displayName).getAttribute('aria-invalid'), null);
    assert.ok(await signUp.field('Put me on the mailing list').isChecked());

    // The summary leads to the field.
    await alert.getByRole('link', { name: words.city, exact: true }).click();
    await page.keyboard.press('Tab');
    await signUp.fill({ [words.city]: 'Malmö', 'Graduation year': 2012 });
    await signUp.create();
    await signUp.assertHeading(words.created);
  });
}

async function assertMarked(signUp, label, error) {
  const field = signUp.field(label);
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  const description = await field.getAttribute('aria-describedby');
  assert.equal(await signUp.page.locator(`[id="${description}"]`).innerText(), error);
}

// --- claims

test('partners: what the first step returns stands on the page, and can be changed', async (page) => {
  world.connector.answer('/partners/after-federation', proceed({ city: 'Kiruna', extension_SupplierNumber: 'S-1' }));
  const signUp = await atDetails(page, 'partners');
  assert.equal(await signUp.field('City').inputValue(), 'Kiruna');
  assert.equal(await signUp.field('Supplier number').inputValue(), 'S-1');
  await checked(page, 'partners-prefilled');
  await signUp.fill({ City: 'Gällivare' });
  await signUp.create();
  const account = await signUp.openAccount();
  assert.equal(account.city, 'Gällivare');
  assert.equal(account[`${APP}_SupplierNumber`], 'S-1');
});

test('customers: values of every type are prefilled', async (page) => {
  const inputs = { city: 'Porto', [`${APP}_GraduationYear`]: 1999, [`${APP}_OnMailingList`]: true, shoeSize: 43 };
  world.connector.answer(
    '/customers/after-federation',
    action('attributeCollectionStart', 'setPrefillValues', { inputs }),
  );
  const signUp = await atDetails(page, 'customers');
  assert.equal(await signUp.field('City').inputValue(), 'Porto');
  assert.equal(await signUp.field('Graduation year').inputValue(), '1999');
  assert.ok(await signUp.field('Put me on the mailing list').isChecked());
  // What is not on the page is remarked.
  assert.match(await signUp.wire.innerText(), /`shoeSize` has no effect/);
});

test('shop: what the second step overwrites is what the directory keeps', async (page) => {
  world.connector.answer(
    '/shop/before-creating-user',
    proceed({ postalCode: '12349', city: '', [`${APP}_LoyaltyNumber`]: 1 }),
  );
  const signUp = await atDetails(page, 'shop');
  await signUp.fill({ City: 'Oslo', 'Postal code': '1', 'Loyalty number': 99 });
  await signUp.create();
  await signUp.assertHeading(ENGLISH.created);
  const account = await signUp.openAccount();
  assert.equal(account.postalCode, '12349');
  assert.equal(account[`${APP}_LoyaltyNumber`], '1');
  assert.equal(account.city, undefined);
  await checked(page, 'shop-overwritten');
});

test('customers: modified values are what the directory keeps', async (page) => {
  const attributes = { city: 'Lisboa', [`${APP}_SpecialDiet`]: 'None' };
  world.connector.answer(
    '/customers/before-creating-user',
    action('attributeCollectionSubmit', 'modifyAttributeValues', { attributes }),
  );
  const signUp = await atDetails(page, 'customers');
  await signUp.fill({ City: 'Porto' });
  await signUp.create();
  const account = await signUp.openAccount();
  assert.equal(account.city, 'Lisboa');
  assert.equal(account[`${APP}_SpecialDiet`], 'None');
});

test('shop: the token says what the deployment says', async (page) => {
  world.connector.answer('/shop/before-token', proceed({ city: 'Bergen', extension_LoyaltyNumber: 8 }));
  const signUp = await atToken(page, 'shop', { City: 'Oslo' });
  const { values, fromDeployment } = await claims(page);
  assert.equal(values.city, 'Bergen');
  assert.equal(values.extension_LoyaltyNumber, '8');
  assert.deepEqual(fromDeployment.sort(), ['city', 'extension_LoyaltyNumber']);
  await checked(page, 'shop-token-from-deployment');
  assert.equal((await signUp.openAccount()).city, 'Oslo');
});

test('customers: the token has the claims of the deployment', async (page) => {
  world.connector.answer(
    '/customers/before-token',
    action('tokenIssuanceStart', 'provideClaimsForToken', {
      claims: { DateOfBirth: '01/01/2000', CustomRoles: ['Writer', 'Editor'] },
    }),
  );
  await atToken(page, 'customers');
  const { values, fromDeployment } = await claims(page);
  assert.equal(values.DateOfBirth, '01/01/2000');
  assert.equal(values.CustomRoles, '["Writer","Editor"]');
  assert.deepEqual(fromDeployment.sort(), ['CustomRoles', 'DateOfBirth']);
  assert.deepEqual(await claimsOfEncoded(page), ['Writer', 'Editor']);
});

async function atToken(page, flow, fields = {}) {
  const signUp = await atDetails(page, flow);
  await signUp.fill(fields);
  await signUp.create();
  await signUp.goOn('Customer shop');
  await signUp.assertHeading(ENGLISH.signedInTo('Customer shop'));
  return signUp;
}

async function claimsOfEncoded(page) {
  const token = await page.locator('details', { hasText: 'The encoded token' }).locator('pre').textContent();
  const [, payload] = token.trim().split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')).CustomRoles;
}

// --- block pages

test('a message is text, whatever stands in it', async (page) => {
  const message = '<img src="http://192.0.2.1/x" onerror="alert(1)"> & “quoted” <script>alert(2)</script>';
  world.connector.answer('/partners/after-federation', block(message));
  const signUp = await SignUp.begin(page, world.program, 'partners', 'google');
  await signUp.identify(somebody());
  await signUp.assertHeading(ENGLISH.blocked);
  assert.equal(await page.locator('p.message').innerText(), message);
  await checked(page, 'partners-blocked-with-markup');
});

test('an extension names the title of its block page', async (page) => {
  const texts = { title: '請稍候…', message: '您的註冊正在處理中。' };
  world.connector.answer('/customers/after-federation', action('attributeCollectionStart', 'showBlockPage', texts));
  const signUp = await SignUp.begin(page, world.program, 'customers', 'google', CHINESE);
  await signUp.identify(somebody());
  await signUp.assertHeading(texts.title);
  assert.equal(await page.locator('p.message').innerText(), texts.message);
});

// --- broken answers

const SUBMIT = 'attributeCollectionSubmit';
const SUBMIT_CONTINUE = { '@odata.type': `microsoft.graph.${SUBMIT}.continueWithDefaultBehavior` };

/** Flow, what is wrong, the answer, the documented code, and a part of the explanation. */
const BROKEN = [
  [
    'customers',
    'an action that does not exist',
    action(SUBMIT, 'showCaptcha'),
    '1003012 InvalidActionType',
    'showCaptcha',
  ],
  [
    'customers',
    'two actions',
    json(actions(SUBMIT, SUBMIT_CONTINUE, SUBMIT_CONTINUE)),
    '1003010 InvalidNumberOfActions',
    '2',
  ],
  ['customers', 'no action', json(actions(SUBMIT)), '1003010 InvalidNumberOfActions', '0'],
  ['customers', 'HTTP status 500', json({ error: 'x' }, 500), '1003002 InvalidHTTPStatus', '500'],
  [
    'customers',
    'HTTP status 400 with a right body',
    json(actions(SUBMIT, SUBMIT_CONTINUE), 400),
    '1003002 InvalidHTTPStatus',
    '400',
  ],
  ['customers', 'HTTP status 429', json({}, 429), '1003004 Throttling', '429'],
  ['customers', 'half of a JSON text', raw('{"data":'), '1003003 InvalidResponseBody', 'JSON'],
  ['customers', 'an empty body', raw(''), '1003009 EmptyResponse', 'empty'],
  [
    'customers',
    'HTML',
    raw('<h1>Sorry</h1>', { type: 'text/html' }),
    '1003006 InvalidResponseContentType',
    'text/html',
  ],
  ['customers', 'no content type', raw('{}', { type: null }), '1003006 InvalidResponseContentType', 'content type'],
  ['customers', 'the answer of a connector', proceed(), '1003003 InvalidResponseBody', '`data`'],
  [
    'customers',
    'a number for a string',
    action(SUBMIT, 'modifyAttributeValues', { attributes: { city: 5 } }),
    '1003003 InvalidResponseBody',
    'expected a string',
  ],
  ['shop', 'HTTP status 500', json({ error: 'x' }, 500), 'AADB2C90075', '500'],
  ['shop', 'a refused credential', json({}, 401), 'AADB2C90027', '401'],
  [
    'shop',
    'a validation error with HTTP status 200',
    json({ version: '1.0.0', status: 400, action: 'ValidationError', userMessage: 'No.' }),
    null,
    '400',
  ],
  [
    'shop',
    'a validation error without its status',
    json({ version: '1.0.0', action: 'ValidationError', userMessage: 'No.' }, 400),
    'AADB2C90075',
    'status',
  ],
  [
    'shop',
    'a block page without a message',
    json({ version: '1.0.0', action: 'ShowBlockPage' }),
    null,
    '`userMessage`',
  ],
  ['shop', 'an action that does not exist', json({ version: '1.0.0', action: 'Allow' }), null, '`Allow`'],
  ['shop', 'a claim that is null', proceed({ city: null }), null, 'null'],
  ['shop', 'a boolean for an integer', proceed({ [`${APP}_LoyaltyNumber`]: true }), null, 'integer'],
  ['partners', 'HTTP status 503', json({}, 503), null, '503'],
  ['partners', 'an empty body', raw(''), null, 'empty'],
  ['partners', 'no version', json({ action: 'Continue' }), null, '`version`'],
  ['partners', 'a member twice', raw('{"version":"1.0.0","action":"ShowBlockPage","action":"Continue"}'), null, 'JSON'],
];

for (const [flow, what, answer, code, explanation] of BROKEN) {
  test(`${flow}: the sign-up ends at ${what}`, async (page) => {
    world.connector.answer(`/${flow}/before-creating-user`, answer);
    const signUp = await atDetails(page, flow);
    await signUp.create();
    await assertFailed(signUp, code, explanation);
    await checked(page, `${flow}-${what.replaceAll(/\W+/g, '-')}`);
    // An answer that came is not asked for again.
    assert.equal(world.connector.at(`/${flow}/before-creating-user`).length, 1);
    assert.equal((await signUp.record()).account, null);
  });
}

/** The person sees Microsoft's error page, and the column says why. */
async function assertFailed(signUp, code, explanation) {
  const { page } = signUp;
  const isWorkforce = (await signUp.record()).userFlow.startsWith('partners');
  await signUp.assertHeading(isWorkforce ? ENGLISH.somethingWrong : ENGLISH.failed);
  const verdict = signUp.wire.first().locator('.verdict');
  await verdict.getByText('Rejected', { exact: true }).waitFor();
  const codes = await verdict.locator('p code').allInnerTexts();
  assert.deepEqual(codes, code ? [code] : []);
  const text = await verdict.innerText();
  assert.ok(text.includes(explanation), text);
  const { calls } = await signUp.record();
  assert.equal(calls.at(-1).code, code);
  assert.equal(await page.getByRole('button').count(), 0);
}

test('customers: an answer of more than a megabyte ends the sign-up', async (page) => {
  world.connector.answer('/customers/before-creating-user', json({ data: 'x'.repeat(1024 * 1024) }));
  const signUp = await atDetails(page, 'customers');
  await signUp.create();
  await assertFailed(signUp, '1003024 ResponseSizeExceeded', 'octets');
  await signUp.wire.getByText('The body was longer; the rest was not read.').waitFor();
});

test('customers: claims that are too large end the sign-in', async (page) => {
  world.connector.answer(
    '/customers/before-token',
    action('tokenIssuanceStart', 'provideClaimsForToken', { claims: { Long: 'x'.repeat(3 * 1024) } }),
  );
  const signUp = await atDetails(page, 'customers');
  await signUp.create();
  await signUp.goOn('Customer shop');
  await assertFailed(signUp, '1003025 ResponseClaimsSizeExceeded', '3072');
});

test('shop: a block page before the token has no effect', async (page) => {
  world.connector.answer('/shop/before-token', block('No.'));
  const signUp = await atToken(page, 'shop');
  assert.match(await signUp.wire.first().innerText(), /`ShowBlockPage` has no effect before the token/);
});

// --- no answer

const NO_ANSWER = {
  partners: null,
  shop: null,
  customers: '1003005 TimedOut',
};

for (const [flow, code] of Object.entries(NO_ANSWER)) {
  test(`${flow}: who does not answer in time is asked once more, with the same body`, async (page) => {
    const path = `/${flow}-impatient/before-creating-user`;
    world.connector.answer(path, silence(), silence());
    const signUp = await atDetails(page, `${flow}-impatient`);
    await signUp.create();
    await assertFailed(signUp, code, '200 ms');
    await checked(page, `${flow}-timed-out`);
    await assertAttempts(signUp, ['No answer within 200 ms.', 'No answer within 200 ms.']);
    assertSameTwice(path);
  });

  test(`${flow}: an answer at the second attempt counts`, async (page) => {
    const path = `/${flow}/before-creating-user`;
    world.connector.answer(path, hangUp());
    const signUp = await atDetails(page, flow);
    await signUp.create();
    await signUp.assertHeading(ENGLISH.created);
    await checked(page, `${flow}-second-attempt`);
    await assertAttempts(signUp, ['No connection', '200']);
    assertSameTwice(path);
  });
}

test('customers: an answer that breaks off is none', async (page) => {
  const path = '/customers/before-creating-user';
  const text = JSON.stringify(actions(SUBMIT, SUBMIT_CONTINUE));
  world.connector.answer(path, half(text), half(text));
  const signUp = await atDetails(page, 'customers');
  await signUp.create();
  await assertFailed(signUp, '1003027 ConnectionError', 'found no answer');
  assertSameTwice(path);
});

/** The attempts of the newest call, with what became of each. */
async function assertAttempts(signUp, outcomes) {
  const call = signUp.wire.first();
  const attempts = await call.getByRole('heading', { level: 4 }).allInnerTexts();
  assert.deepEqual(
    attempts.map((text) => text.split(',')[0]),
    ['Attempt 1', 'Attempt 2'],
  );
  const text = await call.innerText();
  let from = 0;
  for (const outcome of outcomes) {
    from = text.indexOf(outcome, text.indexOf('Attempt', from) + 1);
    assert.ok(from > 0, `${outcome} is not in ${text}`);
  }
}

function assertSameTwice(path) {
  const requests = world.connector.at(path);
  assert.equal(requests.length, 2);
  assert.equal(requests[0].body, requests[1].body);
}

// --- faults on purpose

async function setFaults(page, choose) {
  await page.goto('/faults');
  await choose(page.getByRole('group', { name: 'Requests to the deployment' }));
  await press(page, 'Save');
  await page.getByRole('status').getByText('requests to the deployment').waitFor();
  await checked(page, 'faults-on');
}

async function withFaults(page, choose, body) {
  await setFaults(page, choose);
  try {
    await body();
  } finally {
    await page.goto('/faults');
    await press(page, 'Everything works');
    await page.getByText('Everything works.', { exact: true }).waitFor();
  }
}

const FIRST_ATTEMPTS = [
  ['never arrives', 'the request was dropped: it was never sent', 1],
  ['arrives, and its answer is lost', 'the request was answered with HTTP status 200, and the answer lost', 2],
];

for (const [fault, injected, requests] of FIRST_ATTEMPTS) {
  test(`a first attempt that ${fault} is repeated with the same body`, async (page) => {
    await withFaults(
      page,
      (faults) => faults.getByLabel('The first attempt').selectOption({ label: fault }),
      async () => {
        const signUp = await atDetails(page, 'shop');
        const call = signUp.wire.first();
        await call.getByText(`On purpose: ${injected}`, { exact: true }).waitFor();
        assert.equal(await call.getByRole('heading', { level: 4 }).count(), 2);
        await checked(page, `fault-${requests === 1 ? 'dropped' : 'answer-lost'}`);
        const bodies = world.connector.at('/shop/after-federation').map(({ body }) => body);
        assert.equal(bodies.length, requests);
        assert.equal(new Set(bodies).size, 1);
        const shown = await call.locator('details pre').allTextContents();
        assert.ok(shown.includes(bodies[0]));
        assert.deepEqual(await signUp.verdicts(), ['after-federation: continue']);
      },
    );
  });
}

test('a request that is sent twice at once makes one account', async (page) => {
  await withFaults(
    page,
    (faults) => faults.getByLabel('Send two at once').check(),
    async () => {
      const signUp = await atDetails(page, 'partners');
      await signUp.create();
      await signUp.assertHeading(ENGLISH.created);
      await signUp.wire.first().getByText('sent at the same time').waitFor();
      assertSameTwice('/partners/before-creating-user');
      await checked(page, 'fault-twice');
    },
  );
});

test('a delay counts as part of the time-out', async (page) => {
  await withFaults(
    page,
    (faults) => faults.getByLabel(/^Delay in ms/).fill('400'),
    async () => {
      const signUp = await SignUp.begin(page, world.program, 'customers-impatient', 'google');
      await signUp.identify(somebody());
      await assertFailed(signUp, '1003005 TimedOut', '200 ms');
      assert.equal(world.connector.received.length, 0);
    },
  );
});

test('a form that is sent twice is one submission', async (page) => {
  const signUp = await atDetails(page, 'partners');
  const url = new URL(`/sign-ups/${signUp.id}/attributes`, world.program.origin);
  const submit = () => fetch(url, { method: 'POST', body: new URLSearchParams({ displayName: 'Jane Roe' }) });
  const answers = await Promise.all([submit(), submit()]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  assert.equal(world.connector.at('/partners/before-creating-user').length, 1);
});

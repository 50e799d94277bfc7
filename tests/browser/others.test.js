// The policy that asks other systems: what people see of a CRM, an ERP, an identity provider, the directory and invitation
// codes, and what becomes of them when a system goes wrong.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { checked, follow, illustration, press } from './harness/browser.js';
import { eventually } from './harness/eventually.js';
import { PROJECT } from './harness/project.js';
import { SignUp, claims, somebody } from './harness/sign-up.js';
import { ENGLISH, LANGUAGES } from './harness/words.js';
import { World } from './harness/world.js';

const POLICY = 'examples/policies/others.toml';

/** The user flows with the policy, and which of `make dev` each is like: an API connector, the same in B2C, an extension. */
const FLOWS = { wholesale: 'partners', boutique: 'shop', trade: 'customers' };

const APP = 'extension_00001111aaaa2222bbbb3333cccc4444';
const ANN = { email: 'ann@fabrikam.com', objectId: 'ab3ec3b2-a435-45e4-b93a-56a005e88bb7', ui_locales: 'en-US' };

const world = World.of({
  copies: FLOWS,
  prepare: async (program) => {
    const policy = await program.copy(POLICY);
    for (const flow of Object.keys(FLOWS)) await program.publish(policy, flow);
    await program.signupctl('claims', 'import', path.join(PROJECT, 'examples/claims.csv'));
    // Each function follows by itself, and has asked the CRM once before anybody is in a hurry.
    for (const flow of Object.keys(FLOWS)) {
      for (const step of ['after-federation', 'before-creating-user', 'before-token']) {
        const asked = () => program.ask(`${flow}/${step}`, ANN);
        await eventually(asked, ({ companyName }) => assert.equal(companyName, 'Fabrikam', `${flow}/${step}`));
      }
    }
  },
});
const { test } = world;

let anns = 0;

/** A mailbox of the person whom the CRM knows, who never signed up with it before. */
function ann() {
  anns += 1;
  return `ann+${anns}@fabrikam.com`;
}

/** Up to the page with the attributes. */
async function atDetails(page, flow, { email = ann(), words = ENGLISH } = {}) {
  const signUp = await SignUp.begin(page, world.program, flow, 'google', words);
  await signUp.arrive('google', email);
  await signUp.assertHeading(words.details);
  return signUp;
}

const isExtension = (flow) => FLOWS[flow] === 'customers';

/** A sentence about one field: beside it of an extension, at the top with the field's name of a connector. */
async function assertCorrection(signUp, flow, { field, label, sentence }) {
  const { page } = signUp;
  if (isExtension(flow)) {
    await page.getByRole('alert').waitFor();
    const description = await signUp.field(field).getAttribute('aria-describedby');
    assert.equal(await page.locator(`[id="${description}"]`).innerText(), sentence);
  } else {
    await page.getByRole('alert').getByText(`${label}${sentence}`, { exact: true }).waitFor();
  }
  assert.equal((await signUp.record()).account, null);
}

const PENDING = {
  'en-US': ['Waiting for review', /^Your sign-up needs to be reviewed /],
  'sv-SE': ['Väntar på granskning', /^Din registrering behöver granskas /],
  'zh-TW': ['等待審核', /^您的註冊須經人工審核/],
};

/** An answer that came in time has one attempt: Entra did not have to ask again. */
async function assertWaits(signUp, flow) {
  const { page, words } = signUp;
  const [title, message] = PENDING[words.tag];
  await signUp.assertHeading(isExtension(flow) ? title : words.blocked);
  assert.match(await page.locator('p.message').innerText(), message);
  const { account, calls } = await signUp.record();
  assert.equal(account, null);
  assert.deepEqual(
    calls.map((call) => `${call.verdict} after ${call.attempts.length}`),
    ['continue after 1', 'block after 1'],
  );
}

// --- the documents; first, since people of the same address wait for a review later on

/** The blocks of a page's section “Try it”: what to type, and where it is shown, what that prints. */
async function documented(name) {
  const text = await readFile(path.join(PROJECT, 'docs', name), 'utf8');
  const [, section] = text.split('\n## Try it\n');
  return [...section.matchAll(/```sh\n(.*?)\n```(?:\n\n```json\n(.*?)\n```)?/gs)].map(([, commands, printed]) => ({
    commands,
    printed,
  }));
}

/** A reference is another each time. */
const comparable = (answer) => answer.trim().replace(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/, 'REFERENCE');

test('what the documents show to try is what happens', async (page) => {
  const { program } = world;
  const policy = await program.copy(POLICY);
  for (const name of ['sources.md', 'claims.md', 'values.md', 'codes.md', 'verification.md']) {
    const blocks = await documented(name);
    assert.ok(blocks.length >= 2, name);
    for (const { commands, printed } of blocks) {
      const run = () => program.documented(commands.replaceAll(POLICY, policy));
      if (printed === undefined) await run();
      else await eventually(run, (answer) => assert.equal(comparable(answer), comparable(printed), name));
    }
  }
  await page.goto('/partners');
  await checked(page, 'others-partners-called');
});

// --- the form

const UNKNOWN_NUMBER = {
  'en-US': ['Supplier number: ', 'Please check this value, as we don’t know it.'],
  'sv-SE': ['Leverantörsnummer: ', 'Kontrollera uppgiften, eftersom vi inte känner till den.'],
  'zh-TW': ['供應商編號：', '我們沒有此資料的記錄，請檢查您輸入的內容。'],
};

for (const flow of ['wholesale', 'trade']) {
  for (const words of LANGUAGES) {
    test(`${flow}: the CRM prefills the form, and the ERP must know the number, in ${words.name}`, async (page) => {
      const signUp = await atDetails(page, flow, { words });
      assert.equal(await signUp.field(words.company).inputValue(), 'Fabrikam');
      await checked(page, `others-${flow}-prefilled-${words.tag}`);

      await signUp.fill({ [words.company]: 'Fabricated', 'Supplier number': 'S-9999' });
      await signUp.create();
      const [label, sentence] = UNKNOWN_NUMBER[words.tag];
      await assertCorrection(signUp, flow, { field: 'Supplier number', label, sentence });
      await checked(page, `others-${flow}-unknown-number-${words.tag}`);

      await signUp.fill({ 'Supplier number': ' s-1001' });
      await signUp.create();
      await signUp.assertHeading(words.created);
      if (words !== ENGLISH) return;
      const account = await signUp.openAccount();
      assert.deepEqual([account.companyName, account[`${APP}_SupplierNumber`]], ['Fabrikam', 'S-1001']);
    });
  }

  test(`${flow}: a stranger finds an empty form, and waits`, async (page) => {
    const signUp = await atDetails(page, flow, { email: somebody('unknown.example') });
    assert.equal(await signUp.field(ENGLISH.company).inputValue(), '');
    await signUp.create();
    await assertWaits(signUp, flow);
    await checked(page, `others-${flow}-stranger`);
  });
}

test('the documentation shows the form that the CRM prefilled', async (page) => {
  const signUp = await atDetails(page, 'wholesale', { email: 'ann@fabrikam.com' });
  await page.locator(':focus').evaluateAll((elements) => elements.forEach((element) => element.blur()));
  await illustration(page, 'others');
  assert.equal(await signUp.field(ENGLISH.company).inputValue(), 'Fabrikam');
});

// --- who somebody is

for (const flow of ['wholesale', 'trade']) {
  for (const words of LANGUAGES) {
    test(`${flow}: a person is referred to somebody who looks at it, in ${words.name}`, async (page) => {
      const signUp = await atDetails(page, flow, { words });
      await signUp.fill({ [words.givenName]: 'Ann', [words.surname]: 'Refer', [words.country]: 'Sverige' });
      await signUp.create();
      await assertWaits(signUp, flow);
      await checked(page, `others-${flow}-referred-${words.tag}`);
    });
  }

  test(`${flow}: whom the provider does not find corrects the name`, async (page) => {
    const signUp = await atDetails(page, flow);
    await signUp.fill({ 'Given name': 'Ann', Surname: 'Fail', 'Country or region': 'SE' });
    await signUp.create();
    const sentence = 'Please check your details, as your identity could not be verified with them.';
    await assertCorrection(signUp, flow, { field: 'Surname', label: 'Surname: ', sentence });
    await signUp.fill({ Surname: 'Berg' });
    await signUp.create();
    await signUp.assertHeading(ENGLISH.created);
  });
}

// --- the token

/** Azure AD B2C takes attributes of the user flow alone. */
const TOKEN = {
  boutique: { city: 'Seattle' },
  trade: {
    city: 'Seattle',
    companyName: 'Fabrikam',
    department: 'Purchasing',
    jobTitle: 'Buyer',
    roles: '["buyer","approver"]',
  },
};

for (const flow of Object.keys(TOKEN)) {
  test(`${flow}: the token has what the directory and the CRM say`, async (page) => {
    const expected = TOKEN[flow];
    const signUp = await atDetails(page, flow);
    await signUp.create();
    await signUp.assertHeading(ENGLISH.created);
    await signUp.goOn('Customer shop');
    await signUp.assertHeading(ENGLISH.signedInTo('Customer shop'));
    const { values, fromDeployment } = await claims(page);
    assert.deepEqual([...fromDeployment].sort(), Object.keys(expected));
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, values[name]])), expected);
    await checked(page, `others-${flow}-token`);
  });
}

// --- invitation codes

const USED_UP = {
  'en-US': ['Invitation code: ', 'This invitation code has been used up, so please ask for a new one.'],
  'sv-SE': ['Inbjudningskod: ', 'Inbjudningskoden har redan använts, så be om en ny.'],
  'zh-TW': ['邀請碼：', '此邀請碼已用完，請索取新的邀請碼。'],
};

for (const flow of ['wholesale', 'trade']) {
  for (const words of LANGUAGES) {
    test(`${flow}: an invitation code lets one person in and is not kept, in ${words.name}`, async (page) => {
      const code = (await world.program.signupctl('code', 'create')).trim();
      const invited = await atDetails(page, flow, { words, email: somebody('unknown.example') });
      await invited.fill({ 'Invitation code': code.toLowerCase() });
      await invited.create();
      await invited.assertHeading(words.created);
      const account = await invited.openAccount();
      assert.equal(account[`${APP}_InvitationCode`], undefined);

      const late = await atDetails(page, flow, { words, email: somebody('unknown.example') });
      await late.fill({ 'Invitation code': code });
      await late.create();
      const [label, sentence] = USED_UP[words.tag];
      await assertCorrection(late, flow, { field: 'Invitation code', label, sentence });
      await checked(page, `others-${flow}-code-used-up-${words.tag}`);
    });
  }
}

// --- systems that go wrong; at the end, since a breaker that opened stays open for a while

const STOPPED = ['down', 'hanging'];

/** Does something while a system is in a condition. */
async function meanwhile(conditions, action) {
  await world.program.partners(conditions);
  try {
    await action();
  } finally {
    await world.program.partners({});
  }
}

test('a system is switched on its page, which shows who called it', async (page) => {
  await page.goto('/partners');
  await page.getByLabel('ERP', { exact: true }).selectOption('garbage');
  await press(page, 'Save');
  await page.getByRole('status').getByText('Something goes wrong on purpose: ERP.').waitFor();
  await checked(page, 'others-partners-garbage');

  const signUp = await atDetails(page, 'wholesale');
  await signUp.fill({ 'Supplier number': 'S-1002' });
  await signUp.create();
  await assertWaits(signUp, 'wholesale');

  await follow(page, page.getByRole('navigation', { name: 'Simulator' }).getByRole('link', { name: 'Partners' }));
  const call = page.getByRole('row').filter({ hasText: 'GET /partners/erp/suppliers/S-1002' });
  await call.getByText('200, no JSON').waitFor();
  await press(page, 'Everything works');
  await page.getByText('Everything works.', { exact: true }).waitFor();
});

for (const flow of ['wholesale', 'trade']) {
  for (const condition of STOPPED) {
    test(`${flow}: with the identity provider ${condition}, the sign-up waits`, async (page) => {
      await meanwhile({ identity: condition }, async () => {
        const signUp = await atDetails(page, flow);
        await signUp.fill({ 'Given name': `${flow} ${condition}`, Surname: 'Berg', 'Country or region': 'SE' });
        await signUp.create();
        await assertWaits(signUp, flow);
      });
    });

    test(`${flow}: with the ERP ${condition}, the sign-up waits`, async (page) => {
      await meanwhile({ erp: condition }, async () => {
        const signUp = await atDetails(page, flow);
        await signUp.fill({ 'Supplier number': 'S-1003' });
        await signUp.create();
        await assertWaits(signUp, flow);
      });
    });
  }
}

for (const flow of ['wholesale', 'trade']) {
  for (const condition of STOPPED) {
    test(`${flow}: with the CRM ${condition}, nobody is known, and everybody gets an answer`, async (page) => {
      await meanwhile({ crm: condition }, async () => {
        const signUp = await atDetails(page, flow);
        assert.equal(await signUp.field(ENGLISH.company).inputValue(), '');
        await signUp.create();
        await assertWaits(signUp, flow);
      });
    });
  }
}

// The example policies, published as an operator does it: what people see, and what the directory keeps.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { checked, illustration } from './harness/browser.js';
import { eventually } from './harness/eventually.js';
import { PROJECT } from './harness/project.js';
import { SignUp, somebody } from './harness/sign-up.js';
import { ENGLISH, LANGUAGES } from './harness/words.js';
import { World } from './harness/world.js';

const example = (policy) => `examples/policies/${policy}.toml`;

/** The user flows with a policy: which of `make dev` each is like, and what is published for it. */
const FLOWS = {
  webshop: { like: 'shop', policy: 'customers' },
  members: { like: 'customers', policy: 'customers' },
  suppliers: { like: 'partners', policy: 'partners' },
  resellers: { like: 'customers', policy: 'partners' },
  staff: { like: 'partners', policy: 'strict' },
  trial: { like: 'partners', policy: 'first' },
};

const world = World.of({
  copies: Object.fromEntries(Object.entries(FLOWS).map(([id, { like }]) => [id, like])),
  prepare: async (program) => {
    for (const [flow, { policy }] of Object.entries(FLOWS)) await program.publish(example(policy), flow);
    for (const flow of Object.keys(FLOWS)) await program.follows(flow);
  },
});
const { test } = world;

const APP = 'extension_00001111aaaa2222bbbb3333cccc4444';
const REFERENCE = '[0-9A-Z]{4}-[0-9A-Z]{4}';

/** Waits until somebody whom no list knows gets this answer, before the account is created. */
async function answered(flow, action) {
  const person = { displayName: 'Jane Doe', givenName: 'Jane', surname: 'Doe', country: 'SE', postalCode: '114 55' };
  const asked = () => world.program.ask(`${flow}/before-creating-user`, { ...person, email: somebody() });
  await eventually(asked, (answer) => assert.equal(answer.action, action, JSON.stringify(answer)));
}

/** Up to the page with the attributes. */
async function atDetails(page, flow, { email = somebody(), provider = 'google', words = ENGLISH } = {}) {
  const signUp = await SignUp.begin(page, world.program, flow, provider, words);
  await signUp.arrive(provider, email);
  await signUp.assertHeading(words.details);
  return signUp;
}

/** The answer of the newest call as it came over the wire. */
async function lastAnswer(signUp) {
  const { calls } = await signUp.record();
  return calls.at(-1).attempts.at(-1).response;
}

/** The members of an answer that overwrite something, whatever the protocol. */
function overwritten(answer) {
  if (!answer.data) {
    const { version, action, ...claims } = answer;
    assert.deepEqual([version, action], ['1.0.0', 'Continue']);
    return claims;
  }
  const [action] = answer.data.actions;
  if (action['@odata.type'] === 'microsoft.graph.attributeCollectionSubmit.continueWithDefaultBehavior') return {};
  assert.equal(action['@odata.type'], 'microsoft.graph.attributeCollectionSubmit.modifyAttributeValues');
  return action.attributes;
}

/** What an account has of these names; one that it does not have is undefined. */
function stored(account, names) {
  return Object.fromEntries(names.map((name) => [name, account[name]]));
}

// --- customers: what was typed is validated and overwritten

/** By label: what a person types in a hurry, with four mistakes. */
const mistyped = (words) => ({
  [words.displayName]: 'jane',
  [words.givenName]: '  SEÁN ',
  [words.surname]: "O'NEILL",
  [words.city]: ' sthlm',
  [words.postalCode]: '1145',
  [words.country]: 'sverige',
  Telephone: '12',
  Birthday: '2999-01-01',
  Voucher: 'ab12',
});

const corrected = (words) => ({
  [words.postalCode]: '11455',
  Telephone: '070-123 45 67',
  Birthday: '2000-02-29',
  Voucher: 'ab12cd34',
});

const OVERWRITTEN = {
  displayName: "Seán O'Neill",
  givenName: 'Seán',
  surname: "O'Neill",
  city: 'Stockholm',
  postalCode: '114 55',
  country: 'SE',
  [`${APP}_Phone`]: '+46701234567',
  [`${APP}_Voucher`]: '',
};

/** Blanked values are not kept; a birthday that is in order is, as it was typed. */
const KEPT = { ...OVERWRITTEN, [`${APP}_Voucher`]: undefined, [`${APP}_Birthday`]: '2000-02-29' };

const SENTENCES = {
  'en-US': {
    page: 'Please correct the marked fields.',
    postalCode: 'Please enter a valid postal code for the country of the address.',
    phone: 'Please enter a valid telephone number.',
    birthday: 'Please enter a birthday in the past.',
    voucher: 'Please enter this in the format that the field asks for.',
    connector: (all) =>
      `${all.birthday} Telephone: ${all.phone} Voucher: ${all.voucher} Postal code: ${all.postalCode}`,
  },
  'sv-SE': {
    page: 'Rätta till de markerade fälten.',
    postalCode: 'Ange ett giltigt postnummer för landet i adressen.',
    phone: 'Ange ett giltigt telefonnummer.',
    birthday: 'Ange en födelsedag som har varit.',
    voucher: 'Ange uppgiften i det format som efterfrågas.',
    connector: (all) => `${all.birthday} Telefon: ${all.phone} Voucher: ${all.voucher} Postnummer: ${all.postalCode}`,
  },
  'zh-TW': {
    page: '請更正標示的欄位。',
    postalCode: '請輸入地址所在國家或地區的有效郵遞區號。',
    phone: '請輸入有效的電話號碼。',
    birthday: '請輸入過去的出生日期。',
    voucher: '請依照此欄位要求的格式輸入。',
    connector: (all) => `${all.birthday} 電話：${all.phone} Voucher：${all.voucher} 郵遞區號：${all.postalCode}`,
  },
};

for (const words of LANGUAGES) {
  const sentences = SENTENCES[words.tag];

  test(`members: each wrong field has its message, and a corrected form makes the account, in ${words.name}`, async (page) => {
    const signUp = await atDetails(page, 'members', { words });
    await signUp.fill(mistyped(words));
    await signUp.create();

    await page.getByRole('alert').getByText(sentences.page, { exact: true }).waitFor();
    await checked(page, `policy-members-invalid-${words.tag}`);
    const marked = {
      [words.postalCode]: sentences.postalCode,
      Telephone: sentences.phone,
      Birthday: sentences.birthday,
      Voucher: sentences.voucher,
    };
    for (const [label, sentence] of Object.entries(marked)) await assertMarked(signUp, label, sentence);
    for (const label of [words.displayName, words.givenName, words.surname, words.city, words.country]) {
      assert.equal(await signUp.field(label).getAttribute('aria-invalid'), null, label);
    }
    await assertCorrected(signUp);
  });

  test(`webshop: one sentence names the wrong fields, and a corrected form makes the account, in ${words.name}`, async (page) => {
    const signUp = await atDetails(page, 'webshop', { words });
    await signUp.fill(mistyped(words));
    await signUp.create();

    await page.getByRole('alert').getByText(sentences.connector(sentences), { exact: true }).waitFor();
    await checked(page, `policy-webshop-invalid-${words.tag}`);
    await assertCorrected(signUp);
  });
}

async function assertMarked(signUp, label, sentence) {
  const field = signUp.field(label);
  assert.equal(await field.getAttribute('aria-invalid'), 'true', label);
  const description = await field.getAttribute('aria-describedby');
  assert.equal(await signUp.page.locator(`[id="${description}"]`).innerText(), sentence);
}

/** The form keeps what was typed; what the policy makes of it is in the answer, and then in the directory. */
async function assertCorrected(signUp) {
  const { page, words } = signUp;
  assert.equal((await signUp.record()).account, null);
  assert.equal(await signUp.field(words.givenName).inputValue(), '  SEÁN ');
  await signUp.fill(corrected(words));
  await signUp.create();
  await signUp.assertHeading(words.created);
  assert.deepEqual(await signUp.verdicts(), [
    'after-federation: continue',
    'before-creating-user: validation-error',
    'before-creating-user: continue',
  ]);
  assert.deepEqual(overwritten(await lastAnswer(signUp)), OVERWRITTEN);
  const { calls } = await signUp.record();
  assert.deepEqual(calls.at(-1).notes, [`\`${APP}_Voucher\` is blank, which is a value: it overwrites what was there`]);
  if (words === ENGLISH) {
    const account = await signUp.openAccount();
    assert.deepEqual(stored(account, Object.keys(KEPT)), KEPT);
    await checked(page, `policy-${(await signUp.record()).userFlow}-account`);
  }
}

for (const flow of ['members', 'webshop']) {
  test(`${flow}: values that are in order are not in the answer, and are kept as they are`, async (page) => {
    const signUp = await atDetails(page, flow);
    await signUp.fill({
      'Display name': 'Jane Doe',
      'Given name': 'Jane',
      Surname: 'Doe',
      City: 'Stockholm',
      'Postal code': '114 55',
      'Country or region': 'SE',
      Telephone: '+46701234567',
    });
    await signUp.create();
    await signUp.assertHeading(ENGLISH.created);
    assert.deepEqual(overwritten(await lastAnswer(signUp)), {});
    await checked(page, `policy-${flow}-unchanged`);
    const kept = { displayName: 'Jane Doe', city: 'Stockholm', [`${APP}_Phone`]: '+46701234567' };
    assert.deepEqual(stored(await signUp.openAccount(), Object.keys(kept)), kept);
  });

  test(`${flow}: the postal code is that of the country`, async (page) => {
    const signUp = await atDetails(page, flow);
    const address = { 'Given name': 'Jane', Surname: 'Doe', 'Display name': 'Jane Doe' };
    await signUp.fill({ ...address, 'Country or region': 'Deutschland', 'Postal code': '114 55' });
    await signUp.create();
    await page.getByRole('alert').getByText(SENTENCES['en-US'].postalCode).first().waitFor();
    await signUp.fill({ 'Country or region': 'Sverige' });
    await signUp.create();
    await signUp.assertHeading(ENGLISH.created);
    assert.deepEqual(overwritten(await lastAnswer(signUp)), { country: 'SE' });
  });
}

test('the documentation shows the page with the fields to correct', async (page) => {
  const signUp = await SignUp.begin(page, world.program, 'webshop', 'google');
  await signUp.identify('johnsmith@example.com', { accountId: '110000000000000000003' });
  await signUp.assertHeading(ENGLISH.details);
  const john = { 'Display name': 'john', 'Given name': 'JOHN', Surname: 'SMITH', City: 'sthlm', Voucher: 'ab12cd34' };
  await signUp.fill({ ...mistyped(ENGLISH), ...john });
  await signUp.create();
  await page.getByRole('alert').waitFor();
  await page.locator(':focus').evaluateAll((elements) => elements.forEach((element) => element.blur()));
  await illustration(page, 'policy', { downTo: page.getByRole('link', { name: 'Start over' }) });
});

// --- partners: let in by the allow list

const SUPPLIER_NUMBER = {
  'en-US': 'Please enter your supplier number, such as S-4711. It stands on your last order.',
  'sv-SE': 'Ange ditt leverantörsnummer, till exempel S-4711. Det står på den senaste beställningen.',
  'zh-TW': '請輸入您的供應商編號，例如 S-4711。編號列於您最近的訂單上。',
};

for (const words of LANGUAGES) {
  test(`suppliers: who is listed gives the supplier number and gets in, in ${words.name}`, async (page) => {
    const signUp = await atDetails(page, 'suppliers', { words, email: somebody('fabrikam.com') });
    await signUp.fill({ [words.displayName]: 'jane  DOE', [words.company]: 'Fabrikam' });
    await signUp.create();
    await page.getByRole('alert').getByText(SUPPLIER_NUMBER[words.tag], { exact: true }).waitFor();
    await checked(page, `policy-suppliers-invalid-${words.tag}`);

    await signUp.fill({ 'Supplier number': ' s-4711' });
    await signUp.create();
    await signUp.assertHeading(words.created);
    const overwrites = { displayName: 'Jane Doe', [`${APP}_SupplierNumber`]: 'S-4711' };
    assert.deepEqual(overwritten(await lastAnswer(signUp)), overwrites);
  });
}

const USUAL_ADDRESS = {
  'en-US': /^Please use your usual e-mail address instead of a temporary one\.$/,
  'sv-SE': /^Använd din vanliga e-postadress i stället för en tillfällig\.$/,
  'zh-TW': /^請使用您常用的電子郵件地址，不要使用臨時的電子郵件地址。$/,
};

const PENDING = {
  'en-US': ['Waiting for review', RegExp(`^Your sign-up needs to be reviewed .*\\(reference ${REFERENCE}\\)\\.$`)],
  'sv-SE': ['Väntar på granskning', RegExp(`^Din registrering behöver granskas .*\\(referens ${REFERENCE}\\)\\.$`)],
  'zh-TW': ['等待審核', RegExp(`^您的註冊須經人工審核，.*（參考編號：${REFERENCE}）。$`)],
};

const WORK_ADDRESS = {
  'en-US': RegExp(`^Please sign up with your work address\\. If you need help, quote reference ${REFERENCE}\\.$`),
  'sv-SE': RegExp(`^Använd din arbetsadress\\. Behöver du hjälp, ange referens ${REFERENCE}\\.$`),
  'zh-TW': RegExp(`^請使用您的公司電子郵件地址註冊。如需協助，請提供參考編號 ${REFERENCE}。$`),
};

/** An extension names the title of its page; a connector does not. */
for (const words of LANGUAGES) {
  test(`partners: everybody else waits, and who comes with a wrong address is told so, in ${words.name}`, async (page) => {
    const denied = `competitor-${words.tag.toLowerCase()}.example`;
    await world.program.deny(denied, 'partners');
    const [pending, waiting] = PENDING[words.tag];
    for (const flow of ['suppliers', 'resellers']) {
      const title = flow === 'resellers' ? pending : words.blocked;
      await assertWaits(page, flow, { words, title, message: waiting });
      await checked(page, `policy-${flow}-pending-${words.tag}`);
      await assertBlocked(page, flow, { words, email: somebody(denied), message: words.denied });
      await checked(page, `policy-${flow}-denied-${words.tag}`);
      await assertBlocked(page, flow, { words, email: somebody('mailinator.com'), message: USUAL_ADDRESS[words.tag] });
      await checked(page, `policy-${flow}-throw-away-${words.tag}`);
      await assertBlocked(page, flow, { words, email: somebody('gmail.com'), message: WORK_ADDRESS[words.tag] });
      // Looks like fabrikam.com.
      await assertBlocked(page, flow, { words, email: somebody('fabrlkam.com'), message: words.denied });
    }
  });
}

/** Whoever is reviewed fills in the form first. */
async function assertWaits(page, flow, { words, title, message }) {
  const email = somebody('unknown.example');
  const signUp = await SignUp.begin(page, world.program, flow, 'google', words);
  await signUp.arrive('google', email);
  await signUp.assertHeading(words.details);
  await signUp.fill({ [words.company]: 'Unknown' });
  await signUp.create();
  await signUp.assertHeading(title);
  assert.match(await page.locator('p.message').innerText(), message);
  assert.deepEqual(await signUp.verdicts(), ['after-federation: continue', 'before-creating-user: block']);
}

async function assertBlocked(
  page,
  flow,
  { email, message, provider = 'google', words = ENGLISH, title = words.blocked },
) {
  const signUp = await SignUp.begin(page, world.program, flow, provider, words);
  await signUp.arrive(provider, email);
  await signUp.assertHeading(title);
  assert.match(await page.locator('p.message').innerText(), message);
  assert.deepEqual(await signUp.verdicts(), ['after-federation: block']);
}

// --- strict: nobody whom nothing lets in

const COMPANY_SIGN_IN = {
  'en-US': RegExp(
    `^Please use your company sign-in: .* choose “Contoso” instead\\. .* quote reference ${REFERENCE}\\.$`,
  ),
  'sv-SE': RegExp(`^Använd ert företags inloggning: .* välj ”Contoso”\\. .* ange referens ${REFERENCE}\\.$`),
  'zh-TW': RegExp(`^請使用貴公司的登入方式：返回並選擇「Contoso」。.*參考編號 ${REFERENCE}。$`),
};

const NOT_ALLOWED = {
  'en-US': /^This e-mail address can’t be used to sign up here\./,
  'sv-SE': /^Det går inte att registrera sig här med den här e-postadressen\./,
  'zh-TW': /^此電子郵件地址無法用於註冊。/,
};

for (const words of LANGUAGES) {
  test(`staff: strangers are kept out, and colleagues are shown their own sign-in, in ${words.name}`, async (page) => {
    await assertBlocked(page, 'staff', { words, email: somebody(), message: NOT_ALLOWED[words.tag] });
    await checked(page, `policy-staff-stranger-${words.tag}`);
    // The lists allow contoso.com; the rule stands before them.
    const message = COMPANY_SIGN_IN[words.tag];
    await assertBlocked(page, 'staff', { words, email: somebody('contoso.com'), message });
    await checked(page, `policy-staff-company-sign-in-${words.tag}`);
    await assertBlocked(page, 'staff', { words, email: somebody('c0ntoso.com'), message: words.denied });
  });
}

test('staff: a colleague comes in through the company’s own sign-in', async (page) => {
  const signUp = await atDetails(page, 'staff', { email: somebody('contoso.com'), provider: 'entra' });
  await signUp.fill({ 'Display name': 'jane doe' });
  await signUp.create();
  await signUp.assertHeading(ENGLISH.created);
  // This policy changes nothing.
  assert.equal((await signUp.openAccount()).displayName, 'jane doe');
});

// --- without a policy, and with another

test('a user flow without a policy is decided by the lists', async (page) => {
  const signUp = await atDetails(page, 'shop', { email: somebody('mailinator.com') });
  await signUp.fill({ 'Display name': 'jane  DOE', 'Postal code': 'x', Telephone: '12' });
  await signUp.create();
  await signUp.assertHeading(ENGLISH.created);
  assert.equal((await signUp.openAccount()).displayName, 'jane  DOE');
  await assertBlocked(page, 'shop', { email: 'mallory@example.com', message: ENGLISH.denied });
});

test('a new version decides the next sign-up, and so does the way back', async (page) => {
  const [, message] = PENDING['en-US'];
  const waits = { words: ENGLISH, title: ENGLISH.blocked, message };
  await assertWaits(page, 'trial', waits);

  assert.match(await world.program.publish(example('customers'), 'trial'), /^published version 2 of `trial`/m);
  await answered('trial', 'Continue');
  const signUp = await atDetails(page, 'trial');
  await signUp.fill({ 'Given name': 'JANE', Surname: 'DOE', 'Country or region': 'ireland' });
  await signUp.create();
  await signUp.assertHeading(ENGLISH.created);
  assert.equal((await signUp.openAccount()).displayName, 'Jane Doe');

  await world.program.signupctl('policy', 'rollback', '--flow', 'trial', '--version', '1');
  await answered('trial', 'ShowBlockPage');
  await assertWaits(page, 'trial', waits);
});

test('a policy that is faulty, or fails its own test, is refused, and nothing changes', async (page) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'browser-tests-'));
  try {
    const file = path.join(folder, 'strict.toml');
    const text = await readFile(path.join(PROJECT, example('strict')), 'utf8');
    const cases = await readFile(path.join(PROJECT, 'examples/policies/strict.test.toml'), 'utf8');
    await writeFile(path.join(folder, 'strict.test.toml'), cases);

    await writeFile(file, text.replace('default = "deny"', 'default = "allow"'));
    const failing = await refused(file);
    assert.equal(failing.code, 5);
    assert.match(failing.stdout, /a stranger is kept out/);
    await writeFile(file, text.replace('email.provider_mismatch', 'email.provider_mismach'));
    const faulty = await refused(file);
    assert.equal(faulty.code, 2);
    assert.match(faulty.stderr, /strict\.toml:\d+:\d+: /);
  } finally {
    await rm(folder, { recursive: true });
  }
  const history = await world.program.signupctl('policy', 'history', '--flow', 'staff');
  assert.equal(history.trim().split('\n').length, 2, history);
  await assertBlocked(page, 'staff', { email: somebody(), message: NOT_ALLOWED['en-US'] });
});

/** How `publish` ended. */
async function refused(file) {
  const failure = await world.program.publish(file, 'staff').then(
    (output) => assert.fail(output),
    (problem) => problem,
  );
  assert.match(failure.stderr, /nothing was published\n$/);
  return failure;
}

// Somebody who applies for an account: signs up, is told to wait, and comes back.

import assert from 'node:assert/strict';

import { checked, follow } from './browser.js';
import { eventually } from './eventually.js';
import { SignUp, facts, somebody } from './sign-up.js';

const POLICY = 'examples/policies/first.toml';
const APP = 'extension_00001111aaaa2222bbbb3333cccc4444';

/** The user flows with the policy: connectors and a provider that vouches for a person, extensions and a proved address. */
export const FLOWS = {
  guests: { like: 'partners', provider: 'google', source: 'Graph: POST /users' },
  clients: { like: 'customers', provider: 'email-code', source: 'Graph: POST /invitations' },
};

/** What a `World` needs for them. */
export const APPLICANTS = {
  copies: Object.fromEntries(Object.entries(FLOWS).map(([id, { like }]) => [id, like])),
  prepare: async (program) => {
    for (const flow of Object.keys(FLOWS)) await program.publish(POLICY, flow);
    for (const flow of Object.keys(FLOWS)) await program.follows(flow);
  },
};

const REFERENCE = '[0-9A-Z]{4}-[0-9A-Z]{4}';

const SENTENCES = {
  'en-US': {
    title: 'Waiting for review',
    waits: RegExp(`^Your sign-up needs to be reviewed .*\\(reference ${REFERENCE}\\)\\.$`),
    waitsAlready: RegExp(`^Your sign-up is already being reviewed\\. .*\\(reference ${REFERENCE}\\)\\.$`),
    denied: RegExp(`^Your sign-up has not been approved\\. .*quote reference ${REFERENCE}\\.$`),
  },
  'sv-SE': {
    title: 'Väntar på granskning',
    waits: RegExp(`^Din registrering behöver granskas .*\\(referens ${REFERENCE}\\)\\.$`),
    waitsAlready: RegExp(`^Din registrering granskas redan\\. .*\\(referens ${REFERENCE}\\)\\.$`),
    denied: RegExp(`^Din registrering har inte godkänts\\. .*ange referens ${REFERENCE}\\.$`),
  },
  'zh-TW': {
    title: '等待審核',
    waits: RegExp(`^您的註冊須經人工審核，.*（參考編號：${REFERENCE}）。$`),
    waitsAlready: RegExp(`^您的註冊已在審核中。.*（參考代碼 ${REFERENCE}）。$`),
    denied: RegExp(`^您的註冊未獲核准。.*提供參考代碼 ${REFERENCE}。$`),
  },
};

/** Somebody of a user flow who never signed up before, and is the same person each time. */
export class Applicant {
  constructor(page, program, flow, words) {
    Object.assign(this, FLOWS[flow], { page, program, flow, words });
    this.email = somebody();
    this.accountId = `1${this.email.match(/\d+/)[0].padStart(20, '0')}`;
    this.sentences = SENTENCES[words.tag];
  }

  get isCustomer() {
    return this.like === 'customers';
  }

  /** From the first page to where the first step leads. */
  async come() {
    const { accountId, email, page, program, provider, words } = this;
    const signUp = await SignUp.begin(page, program, this.flow, provider, words);
    await signUp.arrive(provider, email, { accountId: provider === 'google' ? accountId : undefined });
    return signUp;
  }

  /** Types everything that an approver looks at, and is told to wait; gives the request. */
  async apply() {
    const signUp = await this.come();
    await signUp.assertHeading(this.words.details);
    await signUp.fill(this.#typed());
    await signUp.create();
    await this.assertTold(signUp, 'before-creating-user', 'waits');
    const requests = await this.program.requests('pending');
    const own = requests.filter(({ address }) => address === this.email);
    assert.deepEqual(
      own.map(({ flow, name }) => ({ flow, name })),
      [{ flow: this.flow, name: 'Jane Roe' }],
    );
    return own[0];
  }

  /** An extension names the title of its block page. */
  async assertTold(signUp, step, sentence) {
    const isWaiting = sentence !== 'denied';
    await signUp.assertHeading(this.isCustomer && isWaiting ? this.sentences.title : this.words.blocked);
    assert.match(await this.page.locator('p.message').innerText(), this.sentences[sentence]);
    const verdicts = await signUp.verdicts();
    assert.equal(verdicts.at(-1), `${step}: block`);
    assert.equal((await signUp.record()).account, null);
    await checked(this.page, `approval-${this.flow}-${sentence}-${this.words.tag}`);
  }

  #typed() {
    const { words } = this;
    const typed = {
      [words.displayName]: ' jane  ROE',
      [words.givenName]: 'Jane',
      [words.surname]: 'Roe',
      [words.company]: 'Contoso Ångström',
      [words.jobTitle]: 'Buyer',
      [words.city]: 'Malmö',
      [words.postalCode]: '211 20',
      [words.country]: 'SE',
      'Supplier number': 'S-4711',
    };
    return this.isCustomer ? { ...typed, 'Graduation year': 2012, 'Put me on the mailing list': true } : typed;
  }

  /** The account with what was typed: normalised by the policy, each value in its type. */
  get expected() {
    const attributes = {
      displayName: 'Jane Roe',
      givenName: 'Jane',
      surname: 'Roe',
      companyName: 'Contoso Ångström',
      jobTitle: 'Buyer',
      city: 'Malmö',
      postalCode: '211 20',
      country: 'SE',
      [`${APP}_SupplierNumber`]: 'S-4711',
    };
    const own = this.isCustomer ? { [`${APP}_GraduationYear`]: '2012', [`${APP}_OnMailingList`]: 'true' } : {};
    return { Mail: this.email, Kind: 'Guest', Source: this.source, ...attributes, ...own };
  }

  /** The one account in the directory has everything that was typed. */
  async assertHasAccount() {
    const account = await this.openAccount();
    const stored = Object.keys(this.expected).map((name) => [name, account[name]]);
    assert.deepEqual(Object.fromEntries(stored), this.expected);
  }

  /** Opens the one account in the directory. */
  async openAccount() {
    const row = this.page.getByRole('row').filter({ hasText: this.email });
    await this.page.goto('/directory');
    assert.equal(await row.count(), 1);
    await follow(this.page, row.getByRole('link'));
    return facts(this.page);
  }

  /**
   * The workforce tenant knows the account by its identity, and asks nobody. Its Graph is the local one, so that the external
   * tenant has no such account: there the person may ask again.
   */
  async assertComesBack() {
    const { isCustomer, words } = this;
    const signUp = await this.come();
    await signUp.assertHeading(isCustomer ? words.details : words.known);
    const verdicts = await signUp.verdicts();
    assert.deepEqual(verdicts, isCustomer ? ['otp-send: continue', 'after-federation: continue'] : []);
    return signUp;
  }
}

/** Waits until the account of an approved request is there. */
export async function provisioned(program, { id }) {
  await eventually(
    () => program.requests('provisioned'),
    (requests) => assert.ok(requests.some((request) => request.id === id), `${id} is not provisioned`),
  );
}

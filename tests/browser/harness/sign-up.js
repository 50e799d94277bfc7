// A person who signs up: what they see and press, found by role and name as assistive technology finds it.

import assert from 'node:assert/strict';

import { follow, press } from './browser.js';
import { ENGLISH } from './words.js';

const PASSWORD = 'correct horse battery';

/** The providers that prove an address with a code, instead of vouching for a person. */
export const provesAddress = (provider) => ['email-code', 'local'].includes(provider);

let people = 0;

/** Somebody who never signed up before. */
export function somebody(domain = 'example.com') {
  people += 1;
  return `person${people}@${domain}`;
}

export class SignUp {
  constructor(page, program, words) {
    this.page = page;
    this.program = program;
    this.words = words;
  }

  /** Chooses an identity provider on the first page of a user flow. */
  static async begin(page, program, flow, provider, words = ENGLISH) {
    const signUp = new SignUp(page, program, words);
    await page.goto(`/flows/${flow}?lang=${words.tag}`);
    await signUp.press(words.providers[provider]);
    signUp.id = new URL(page.url()).pathname.split('/').at(-1);
    return signUp;
  }

  /** At the provider: who it is. Whatever is not said stays as the page proposes it. */
  async identify(email, { accountId } = {}) {
    const { words } = this;
    await this.page.getByLabel(words.email, { exact: true }).fill(email);
    if (accountId) await this.page.getByLabel(words.accountId, { exact: true }).fill(accountId);
    await this.press(words.next);
  }

  /** Types the code that was mailed. */
  async prove(email) {
    await this.page.getByLabel(this.words.code, { exact: true }).fill(await this.mailedCode(email));
    await this.press(this.words.next);
  }

  async mailedCode(email) {
    const mails = await this.program.json(`/simulator/mails?to=${encodeURIComponent(email)}`);
    assert.ok(mails.length > 0, `no mail to ${email}`);
    // What became of a request may have been mailed since.
    const codes = mails.map(({ text }) => text.match(/\b\d{8}\b/)?.[0]);
    return codes.find(Boolean);
  }

  /** From the provider to the page with the attributes, or to where the first step leads instead. */
  async arrive(provider, email, options) {
    await this.identify(email, options);
    if (provesAddress(provider)) await this.prove(email);
  }

  /** Fills fields by their labels; `true` and `false` are boxes. */
  async fill(fields) {
    for (const [label, value] of Object.entries(fields)) {
      const field = this.field(label);
      if (typeof value === 'boolean') await field.setChecked(value);
      else await field.fill(String(value));
    }
  }

  /** A field of the attribute page; a required one says so after its name. */
  field(label) {
    const name = label.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return this.page.getByLabel(new RegExp(`^\\s*${name}( [(（].*[)）])?$`));
  }

  async choosePassword(password = PASSWORD) {
    await this.fill({ [this.words.password]: password, [this.words.repeatPassword]: password });
  }

  async create() {
    await this.press(this.words.create);
  }

  async goOn(application) {
    await this.press(this.words.continueTo(application));
  }

  async press(name) {
    await press(this.page, name);
  }

  async assertHeading(name) {
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  }

  /** The sign-up as the simulator keeps it. */
  record() {
    return this.program.json(`/simulator/sign-ups/${this.id}`);
  }

  /** Step and verdict of each call, oldest first. */
  async verdicts() {
    const { calls } = await this.record();
    return calls.map((call) => `${call.step}: ${call.verdict}`);
  }

  /** The calls of the column beside the page, newest first. */
  get wire() {
    return this.page.getByRole('complementary', { name: 'The wire' }).locator('section.call');
  }

  async openAccount() {
    await follow(this.page, this.page.getByRole('link', { name: 'the account in the directory' }));
    return facts(this.page);
  }
}

/** Every term of a page's lists with its description. */
export async function facts(page) {
  const pairs = await page
    .locator('dl.facts > dt')
    .evaluateAll((terms) => terms.map((term) => [term.textContent.trim(), term.nextElementSibling.textContent.trim()]));
  return Object.fromEntries(pairs);
}

/** The claims of the token page: each name with its value, and those that came from the deployment. */
export async function claims(page) {
  const rows = page.getByRole('table', { name: 'Claims of the token' }).locator('tbody tr');
  const cells = await rows.evaluateAll((all) =>
    all.map((row) => {
      const [name, value] = row.cells;
      const tag = value.querySelector('.tag');
      return [name.textContent.trim(), value.firstChild.textContent.trim(), tag !== null];
    }),
  );
  return {
    values: Object.fromEntries(cells.map(([name, value]) => [name, value])),
    fromDeployment: cells.filter(([, , tagged]) => tagged).map(([name]) => name),
  };
}

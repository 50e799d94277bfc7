// Somebody of the operator in the approval console: what they see and press.

import assert from 'node:assert/strict';

import { follow, press } from './browser.js';

export const APPROVER = 'Alex Approver';
export const ADMINISTRATOR = 'Robin Administrator';
export const COLLEAGUE = 'Kim Colleague';

/** What its pages say, by the language that the browser asks for. */
export const SAYS = {
  'en-US': {
    approve: 'Approve',
    approved: 'You approved it.',
    applicant: 'Who applies',
    history: 'What happened',
    reason: 'Reason',
  },
  'sv-SE': {
    approve: 'Godkänn',
    approved: 'Klart: du godkände ansökan.',
    applicant: 'Vem som ansöker',
    history: 'Vad som har hänt',
    reason: 'Motivering',
  },
  'zh-TW': {
    approve: '核准',
    approved: '您核准了申請。',
    applicant: '申請者',
    history: '經過',
    reason: '理由',
  },
};

export class Console {
  constructor(page, program, says = SAYS['en-US']) {
    this.page = page;
    this.program = program;
    this.says = says;
  }

  /** Opens a page of the console, is led to the sign-in, and comes back as somebody. */
  static async signIn(page, program, { as = APPROVER, path } = {}) {
    const desk = new Console(page, program);
    await desk.open(path);
    await desk.choose(as);
    return desk;
  }

  async open(path = '/console') {
    return this.page.goto(`${this.program.functions}${path}`);
  }

  async openRequest({ id }) {
    return this.open(`/console/requests/${id}`);
  }

  /** At the local Entra. */
  async choose(name) {
    await this.assertHeading('Pick an account');
    await follow(this.page, this.page.getByRole('button', { name }));
  }

  async assertHeading(name) {
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  }

  /** The request of an address in a list. */
  line(email) {
    return this.page.getByRole('listitem').filter({ hasText: email });
  }

  /** From a list to the request of an address. */
  async pick(email) {
    await follow(this.page, this.line(email).getByRole('heading').getByRole('link'));
  }

  async decide(action, reason) {
    if (reason) await this.page.getByLabel(this.says.reason, { exact: true }).fill(reason);
    await press(this.page, action);
  }

  /** Who applies: each fact by its name. */
  async applicant() {
    const terms = this.page.getByRole('region', { name: this.says.applicant, exact: true }).locator('dt');
    const pairs = await terms.evaluateAll((all) =>
      all.map((term) => [term.textContent, term.nextElementSibling.textContent]),
    );
    return Object.fromEntries(pairs);
  }

  async state() {
    return this.page.locator('.state').innerText();
  }

  async history() {
    return this.page.getByRole('region', { name: this.says.history, exact: true }).getByRole('listitem').allInnerTexts();
  }

  /** What became of a decision. */
  async assertSaid(role, sentence) {
    await this.page.getByRole(role).getByText(sentence, { exact: true }).waitFor();
  }

  /** The request in a state, whoever looks. */
  async assertState(state, { id }) {
    const requests = await this.program.requests(state);
    assert.ok(requests.some((request) => request.id === id), `${id} is not ${state}`);
  }
}

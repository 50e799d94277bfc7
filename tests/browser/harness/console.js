// Somebody of the operator in the approval console: what they see and press.

import assert from 'node:assert/strict';

import { follow, press } from './browser.js';

export const APPROVER = 'Alex Approver';
export const ADMINISTRATOR = 'Robin Administrator';
export const COLLEAGUE = 'Kim Colleague';

export class Console {
  constructor(page, program) {
    this.page = page;
    this.program = program;
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

  /** From the queue to the request of an address. */
  async pick(email) {
    const line = this.page.getByRole('listitem').filter({ hasText: email });
    await follow(this.page, line.getByRole('heading').getByRole('link'));
  }

  async decide(action, reason) {
    if (reason) await this.page.getByLabel('Reason', { exact: true }).fill(reason);
    await press(this.page, action);
  }

  /** Who applies: each fact by its name. */
  async applicant() {
    const terms = this.page.getByRole('region', { name: 'Who applies' }).locator('dt');
    const pairs = await terms.evaluateAll((all) =>
      all.map((term) => [term.textContent, term.nextElementSibling.textContent]),
    );
    return Object.fromEntries(pairs);
  }

  async state() {
    return this.page.locator('.state').innerText();
  }

  async history() {
    return this.page.getByRole('region', { name: 'What happened' }).getByRole('listitem').allInnerTexts();
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

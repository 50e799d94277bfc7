// Notices: applicants learn by mail what becomes of their request, and see it on a page of their own.

import assert from 'node:assert/strict';

import { Applicant, APPLICANTS, provisioned } from './harness/applicant.js';
import { checked, follow, press } from './harness/browser.js';
import { Console } from './harness/console.js';
import { mailTo } from './harness/inbox.js';
import { ENGLISH, LANGUAGES } from './harness/words.js';
import { World } from './harness/world.js';

const world = World.of({
  ...APPLICANTS,
  prepare: async (program) => {
    await APPLICANTS.prepare(program);
    world.also = [program.functions];
  },
});
const { test } = world;

const WORDS = {
  'en-US': {
    received: 'We have received your application',
    title: 'Your application for an account',
    withdraw: 'Withdraw the application',
    withdrawn: /^You withdrew your application/,
  },
  'sv-SE': {
    received: 'Vi har tagit emot din ansökan',
    title: 'Din ansökan om ett konto',
    withdraw: 'Återkalla ansökan',
    withdrawn: /^Du återkallade din ansökan/,
  },
  'zh-TW': {
    received: '我們已收到您的申請',
    title: '您的帳號申請',
    withdraw: '撤回申請',
    withdrawn: /撤回/,
  },
};

/** Opens the applicant's page by the link in a mail. */
async function openLink(page, { text }) {
  const [link] = text.match(/http\S+\/application\/\S+/);
  await page.goto(link);
}

for (const words of LANGUAGES) {
  const { received, title, withdraw, withdrawn } = WORDS[words.tag];

  test(`who waits has a mail with a link, and withdraws there, in ${words.name}`, async (page) => {
    const applicant = new Applicant(page, world.program, 'guests', words);
    const request = await applicant.apply();
    await openLink(page, await mailTo(world.program, applicant.email, received));
    await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
    await checked(page, `notices-waits-${words.tag}`);

    await follow(page, page.getByRole('link', { name: withdraw, exact: true }));
    await checked(page, `notices-withdraw-${words.tag}`);
    await press(page, withdraw);
    await page.getByText(withdrawn).waitFor();
    await checked(page, `notices-withdrawn-${words.tag}`);
    const closed = await world.program.requests('withdrawn');
    assert.ok(closed.some(({ id }) => id === request.id), `${request.id} is not withdrawn`);
  });
}

test('a denial comes with the message of whoever decided, and without the reason', async (page) => {
  const applicant = new Applicant(page, world.program, 'guests', ENGLISH);
  const request = await applicant.apply();
  const desk = await Console.signIn(page, world.program, { path: `/console/requests/${request.id}` });
  await page.getByLabel('Message to the applicant (optional)').fill('Please use your <b>work</b> address.');
  await desk.decide('Deny', 'Not a partner');
  const mail = await mailTo(world.program, applicant.email, 'Your application was not approved');
  assert.ok(mail.text.includes('Please use your <b>work</b> address.'), mail.text);
  assert.ok(mail.html.includes('Please use your &lt;b&gt;work&lt;/b&gt; address.'), mail.html);
  for (const part of [mail.text, mail.html]) assert.ok(!part.includes('Not a partner'), part);
  await openLink(page, mail);
  await page.getByText('Please use your <b>work</b> address.').waitFor();
  assert.equal(await page.getByText('Not a partner').count(), 0);
  await checked(page, 'notices-denied');
});

test('who is approved has a mail once the account is there', async (page) => {
  const applicant = new Applicant(page, world.program, 'guests', ENGLISH);
  const request = await applicant.apply();
  await world.program.decide('approve', request.id);
  await provisioned(world.program, request);
  await openLink(page, await mailTo(world.program, applicant.email, 'Your account is ready'));
  await checked(page, 'notices-provisioned');
});

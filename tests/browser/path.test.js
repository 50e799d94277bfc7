// The whole path as everybody on it sees it: somebody applies, an approver is told by mail and decides, and the applicant comes
// back to an account. Each with a browser in their language.

import assert from 'node:assert/strict';

import { APPLICANTS, Applicant, provisioned } from './harness/applicant.js';
import { checked } from './harness/browser.js';
import { APPROVER, Console, SAYS } from './harness/console.js';
import { followLink, openMail } from './harness/inbox.js';
import { LANGUAGES } from './harness/words.js';
import { World } from './harness/world.js';

const world = World.of({
  ...APPLICANTS,
  prepare: async (program) => {
    await APPLICANTS.prepare(program);
    world.also = [program.functions];
  },
});
const { test } = world;

/** Whom the policy names. Approvers are written to in the deployment's language. */
const APPROVER_MAIL = {
  to: 'alex@contoso.example',
  subject: 'Applications wait for your decision',
  link: 'Look at the application',
};

/** What the applicant's mails and page say. */
const WORDS = {
  'en-US': {
    received: 'We have received your application',
    approved: 'Your account is ready',
    status: 'See how your application stands',
    title: 'Your application for an account',
    ready: /Your account is ready, and you can sign in\.$/,
  },
  'sv-SE': {
    received: 'Vi har tagit emot din ansökan',
    approved: 'Ditt konto är klart',
    status: 'Se hur det går för din ansökan',
    title: 'Din ansökan om ett konto',
    ready: /Ditt konto är klart och du kan logga in\.$/,
  },
  'zh-TW': {
    received: '我們已收到您的申請',
    approved: '您的帳號已可使用',
    status: '查看申請進度',
    title: '您的帳號申請',
    ready: /您的帳號已備妥，您可以登入。$/,
  },
};

for (const words of LANGUAGES) {
  const { tag } = words;
  const says = WORDS[tag];

  test(`from the sign-up by mail to the decision and the account, in ${words.name}`, { locale: tag }, async (page) => {
    const applicant = new Applicant(page, world.program, 'guests', words);
    const request = await applicant.apply();

    await openMail(page, world.program, applicant.email, says.received);
    await checked(page, `path-${tag}-received`);

    const { to, subject, link } = APPROVER_MAIL;
    await openMail(page, world.program, to, subject, request.id);
    await checked(page, `path-${tag}-approver`);
    await assertNamesNobody(page, applicant);
    await decided(await followLink(page, link), applicant, tag);

    await provisioned(world.program, request);
    await applicant.assertHasAccount();
    await checked(page, `path-${tag}-account`);

    await openMail(page, world.program, applicant.email, says.approved);
    await checked(page, `path-${tag}-approved`);
    await assertToldOnItsPage(await followLink(page, says.status), says, tag);

    const signUp = await applicant.assertComesBack();
    await checked(page, `path-${tag}-known`);
    await signUp.goOn('Partner portal');
    await signUp.assertHeading(words.signedInTo('Partner portal'));
    await checked(page, `path-${tag}-signed-in`);
  });
}

/** No mail to an approver tells who applies. */
async function assertNamesNobody(page, { email }) {
  const mail = await page.getByRole('main').innerText();
  for (const fact of [email, 'Jane', 'Roe']) assert.ok(!mail.includes(fact), mail);
}

/** Where the approver's link leads: to the sign-in, and then to the request, of which everything is shown. */
async function decided(page, applicant, tag) {
  const desk = new Console(page, world.program, SAYS[tag]);
  await desk.choose(APPROVER);
  await desk.assertHeading('Jane Roe');
  const shown = Object.values(await desk.applicant());
  assert.deepEqual(shown.sort(), [applicant.email, 'google.com', ...TYPED].sort());
  await checked(page, `path-${tag}-request`);
  await desk.decide(SAYS[tag].approve, 'Known since the fair');
  await desk.assertSaid('status', SAYS[tag].approved);
  assert.match((await desk.history())[1], /Known since the fair$/);
  await checked(page, `path-${tag}-decided`);
  await page.close();
}

/** As the policy normalises it. */
const TYPED = ['Jane Roe', 'Jane', 'Roe', 'Contoso Ångström', 'Buyer', 'Malmö', '211 20', 'SE', 'S-4711'];

/** Where the applicant's link leads. */
async function assertToldOnItsPage(page, { title, ready }, tag) {
  await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
  await page.getByText(ready).waitFor();
  await checked(page, `path-${tag}-application`);
  await page.close();
}

// The inbox of the local Entra: who has which mail, and where its links lead.

import assert from 'node:assert/strict';

import { follow } from './browser.js';
import { eventually } from './eventually.js';

/** The latest mail with a subject that has something in its text, once it is there. */
export async function mailTo(program, email, subject, about = '') {
  const mails = () => program.json(`/simulator/mails?to=${encodeURIComponent(email)}`);
  return eventually(mails, (all) => {
    const found = all.find((mail) => mail.subject === subject && mail.text.includes(about));
    assert.ok(found, `${email} has no mail "${subject}"`);
    return found;
  });
}

/** Opens such a mail on the page of the inbox. */
export async function openMail(page, program, email, subject, about) {
  const { id } = await mailTo(program, email, subject, about);
  await page.goto(`/inbox?to=${encodeURIComponent(email)}`);
  await follow(page, page.locator(`a[href="/inbox/${id}"]`));
}

/** Follows a link of the mail that is open, which leads to a page of its own. */
export async function followLink(page, name) {
  const link = page.frameLocator('iframe[title="HTML part of the mail"]').getByRole('link', { name, exact: true });
  const [opened] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
  await opened.waitForLoadState('domcontentloaded');
  return opened;
}

// What the other tests rely on: a window notices a page that calls another origin, and nothing but such a page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Window, launch } from './harness/browser.js';
import { Connector, hangUp, raw, silence } from './harness/connector.js';

const PICTURE = '/picture.png';
const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'">`;

let browser;
let site;
let elsewhere;

before(async () => {
  [browser, site, elsewhere] = await Promise.all([launch(), Connector.start(), Connector.start()]);
});

after(() => Promise.all([browser?.close(), site?.stop(), elsewhere?.stop()]));

for (const [end, answer] of [
  ['is answered', raw('', { type: 'image/png' })],
  ['fails', hangUp()],
  ['has no end', silence()],
]) {
  test(`a call of another origin that ${end} is a trouble`, async () => {
    elsewhere.answer(PICTURE, answer);
    await visited('', async (window) => {
      await assert.rejects(window.assertNoTroubles(), /request to another origin: /);
    });
    assert.ok(elsewhere.at(PICTURE).length > 0);
    elsewhere.reset();
  });
}

test('a call of another origin that the policy of the page forbids is none', async () => {
  await visited(POLICY, (window) => window.assertNoTroubles(/Content Security Policy/));
  assert.deepEqual(elsewhere.received, []);
});

/** A page with a picture of another origin, as soon as the browser has asked for that. */
async function visited(head, look) {
  const body = `<!doctype html>${head}<title>A page</title><img src="${elsewhere.origin}${PICTURE}" alt="">`;
  site.answer('/', raw(body, { type: 'text/html' }));
  const window = await Window.open(browser, site.origin);
  try {
    const asked = window.page.waitForRequest(`${elsewhere.origin}${PICTURE}`);
    await window.page.goto('/', { waitUntil: 'domcontentloaded' });
    await asked;
    await look(window);
  } finally {
    await window.close();
  }
}

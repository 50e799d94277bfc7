// Chromium, and what every page has to be like.

import assert from 'node:assert/strict';
import { accessSync, constants, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium } from 'playwright-core';

import { IMAGES, SCREENSHOTS, UPDATES_IMAGES } from './project.js';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** Long enough for a machine that is busy; the simulator's own time-outs end well before. */
const PATIENCE_MS = 20_000;

/** What the browser says of a request that the page's Content Security Policy kept it from sending. */
const REFUSED = /^(csp|net::ERR_BLOCKED_BY_CSP)$/;
/** It refuses at once: what has not ended by then is on its way. */
const REFUSAL_MS = 5000;

const MAX_IMAGE_OCTETS = 250_000;
/** Below the last thing of a picture, in pixels. */
const MARGIN = 24;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function launch() {
  return chromium.launch({ executablePath: installed(), args: ARGUMENTS, headless: true });
}

/** Debian's, Ubuntu's and Google's names of it. */
function installed() {
  const named = process.env.CHROMIUM;
  if (named) return named;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(executable);
  assert.ok(found, 'Chromium is missing: install the packages `chromium` and `fonts-noto-cjk`, or set CHROMIUM');
  return found;
}

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A person's window: cookies of its own, and a list of everything that no page may do. */
export class Window {
  #context;
  #elsewhere = [];
  #troubles = [];

  /** `also` are origins that its pages may lead to, `locale` is the language that it asks pages for. */
  static async open(browser, origin, { viewport = DESKTOP, javaScriptEnabled = true, locale, also = [] } = {}) {
    const window = new Window();
    window.#context = await browser.newContext({ baseURL: origin, viewport, javaScriptEnabled, locale });
    window.#context.setDefaultTimeout(PATIENCE_MS);
    window.#watch([origin, ...also]);
    window.page = await window.#context.newPage();
    return window;
  }

  /** Whatever a page did wrong since the window was opened: nothing, but for what the browser has to complain about. */
  async assertNoTroubles(complaint) {
    const calls = await Promise.all(this.#elsewhere.map(called));
    const troubles = [...calls.flat(), ...this.#troubles];
    const isExpected = (trouble) => complaint?.test(trouble);
    assert.deepEqual(
      troubles.filter((trouble) => !isExpected(trouble)),
      [],
    );
    assert.equal(troubles.some(isExpected), complaint !== undefined, `the browser did not say ${complaint}`);
  }

  async close() {
    await this.#context.close();
  }

  /** Its page, and those that a link opens beside it. */
  #watch(origins) {
    const context = this.#context;
    context.on('request', (request) => {
      if (!origins.some((origin) => request.url().startsWith(`${origin}/`))) this.#elsewhere.push(request);
    });
    context.on('console', (message) => {
      if (message.type() === 'error') this.#troubles.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.#troubles.push(`script: ${error.error().message}`));
    context.on('response', (response) => {
      if (response.status() >= 500) this.#troubles.push(`${response.status()} of ${response.url()}`);
    });
  }
}

/** The trouble that a request to another origin is, or none when the page's own policy kept it from being sent. */
async function called(request) {
  await Promise.race([request.response(), sleep(REFUSAL_MS, null, { ref: false })]);
  const refused = REFUSED.test(request.failure()?.errorText ?? '');
  return refused ? [] : [`request to another origin: ${request.url()}`];
}

/** Clicks what leads to another page, and waits for that page. */
export async function follow(page, link) {
  await Promise.all([page.waitForEvent('domcontentloaded'), link.click()]);
}

export async function press(page, name) {
  await follow(page, page.getByRole('button', { name, exact: true }));
}

/** What holds for every page; its screenshot becomes `target/browser/<name>.png`. Needs a page that may run scripts. */
export async function checked(page, name) {
  await screenshot(page, name);
  await saysWhatItIs(page, name);
  await fitsItsWidth(page, name);
  await isAccessible(page, name);
}

export async function screenshot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** A whole page, or what stands of it `downTo` something; no larger than a picture of the documentation may be. */
export async function illustration(page, name, { downTo } = {}) {
  const folder = UPDATES_IMAGES ? IMAGES : SCREENSHOTS;
  await mkdir(folder, { recursive: true });
  const clip = downTo && (await above(downTo));
  const picture = await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true, clip });
  assert.ok(picture.length < MAX_IMAGE_OCTETS, `${name}: ${picture.length} octets`);
}

async function above(last) {
  const { y, height } = await last.boundingBox();
  const { width } = last.page().viewportSize();
  return { x: 0, y: 0, width, height: Math.ceil(y + height) + MARGIN };
}

/** The simulator's pages must not be taken for Microsoft's; the only others are those of the console and of applicants. */
async function saysWhatItIs(page, name) {
  if (new URL(page.url()).pathname.startsWith('/application/')) return;
  const said = page.getByRole('banner').getByText(/^(Local simulator|Approvals|Godkännanden|核准)/);
  assert.ok(await said.first().isVisible(), `${name} does not say that it is a simulator, or the console`);
}

async function fitsItsWidth(page, name) {
  const { content, window } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    window: document.documentElement.clientWidth,
  }));
  assert.ok(content <= window, `${name} scrolls sideways: it is ${content} pixels wide in a window of ${window}`);
}

async function isAccessible(page, name) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  assert.equal(violations.map(readable).join('\n'), '', `${name} is not accessible`);
}

function readable({ id, impact, help, nodes }) {
  const places = nodes.map((node) => `    ${node.target.join(' ')}: ${node.html}\n      ${node.failureSummary}`);
  return [`  ${impact} ${id}: ${help}`, ...places].join('\n');
}

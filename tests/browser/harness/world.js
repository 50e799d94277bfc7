// What the tests of one file share: the program, a browser, and where wanted a deployment whose answers they write.

import { after, before, test } from 'node:test';

import { DESKTOP, PHONE, Window, launch, screenshot } from './browser.js';
import { Connector } from './connector.js';
import { Program } from './program.js';

/** A test that hangs is a failure, not the end of the run. */
const TIME_OUT_MS = 180_000;

export class World {
  /** Origins beside the simulator's that pages may lead to. */
  also = [];

  /**
   * With `scripted` the steps are answered by `world.connector`, else by the functions. `copies` adds user flows that
   * have their names in their URLs: `{ staff: 'partners' }`. `prepare` is done with the program before the first test.
   */
  static of({ scripted = false, copies, prepare } = {}) {
    const world = new World();
    before(async () => {
      world.browser = await launch();
      world.connector = scripted ? await Connector.start() : undefined;
      world.program = await Program.start({ connector: world.connector, copies });
      await prepare?.(world.program);
    });
    after(async () => {
      await world.browser?.close();
      await world.program?.stop();
      await world.connector?.stop();
    });
    return world;
  }

  /**
   * One test in a window of its own: `test(name, body)` or `test(name, options, body)`. It fails when a page calls
   * another origin, or the browser complains about one; a `complaint` is what it has to say in its console all the
   * same, such as that it refused something. With a `locale` the browser asks for pages in that language. What a failed
   * test looked at is in `target/browser/failed-*.png`.
   */
  test = (name, ...rest) => {
    const [{ phone = false, javaScript = true, locale, complaint }, body] = rest.length === 2 ? rest : [{}, ...rest];
    test(name, { timeout: TIME_OUT_MS }, async () => {
      this.connector?.reset();
      const window = await Window.open(this.browser, this.program.origin, {
        viewport: phone ? PHONE : DESKTOP,
        javaScriptEnabled: javaScript,
        locale,
        also: this.also,
      });
      try {
        await body(window.page);
        await window.assertNoTroubles(complaint);
        this.connector?.reset();
      } catch (problem) {
        await screenshot(window.page, `failed-${name.replaceAll(/\W+/g, '-')}`).catch(() => {});
        throw problem;
      } finally {
        await window.close();
      }
    });
  };
}

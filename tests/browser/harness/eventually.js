// What takes a while, on a machine that is busy.

import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than functions take to follow a publication, or to make an account. */
const PATIENCE_MS = 90_000;
const AGAIN_MS = 500;

/** Does something until what comes of it is as it should be. */
export async function eventually(attempt, check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await attempt();
    try {
      return check(found);
    } catch (problem) {
      if (Date.now() > end) throw problem;
    }
    await sleep(AGAIN_MS);
  }
}

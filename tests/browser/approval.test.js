// Approval: people wait, an operator decides, and whoever is approved gets an account through Graph.

import assert from 'node:assert/strict';

import { APPLICANTS, Applicant, FLOWS, provisioned } from './harness/applicant.js';
import { checked } from './harness/browser.js';
import { LANGUAGES } from './harness/words.js';
import { World } from './harness/world.js';

const world = World.of(APPLICANTS);
const { test } = world;

for (const flow of Object.keys(FLOWS)) {
  for (const words of LANGUAGES) {
    test(`${flow}: who waits is approved and has an account with what was typed, in ${words.name}`, async (page) => {
      const applicant = new Applicant(page, world.program, flow, words);
      const request = await applicant.apply();
      await applicant.assertTold(await applicant.come(), 'after-federation', 'waitsAlready');

      assert.match(await world.program.decide('approve', request.id), RegExp(`^${request.id}: approved `));
      await provisioned(world.program, request);
      await applicant.assertHasAccount();
      await checked(page, `approval-${flow}-account-${words.tag}`);

      await applicant.assertComesBack();
      await checked(page, `approval-${flow}-comes-back-${words.tag}`);
    });

    test(`${flow}: who waits is denied and told so, in ${words.name}`, async (page) => {
      const applicant = new Applicant(page, world.program, flow, words);
      const request = await applicant.apply();
      assert.match(await world.program.decide('deny', request.id), RegExp(`^${request.id}: denied `));
      await applicant.assertTold(await applicant.come(), 'after-federation', 'denied');
    });
  }
}

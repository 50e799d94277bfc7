// Where things are.

import path from 'node:path';

export const PROJECT = path.resolve(import.meta.dirname, '../../..');

/** Where cargo builds, as the Makefile sees it. */
export const TARGET = path.resolve(PROJECT, process.env.CARGO_TARGET_DIR || 'target');

/** Screenshots of every page that a test checked. */
export const SCREENSHOTS = path.join(TARGET, 'browser');

/** Pictures of the documentation; they are only written with `UPDATE_SCREENSHOTS=1`. */
export const IMAGES = path.join(PROJECT, 'docs/images');
export const UPDATES_IMAGES = process.env.UPDATE_SCREENSHOTS === '1';

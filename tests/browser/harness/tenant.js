// The tenant file of `make dev`, with the addresses of one test run.

import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { PROJECT } from './project.js';

/** The longest that Entra waits for an extension: an answer is never late because the machine is busy. */
const PATIENT_MS = 2000;
/** The shortest that it waits: a test of being late is soon over. */
const IMPATIENT_MS = 200;

/**
 * The text of the file. Without a scripted connector the steps go to the functions, as in `make dev`, and `copies` adds
 * user flows: `{ staff: 'partners' }` is Partners once more with `staff` in its URLs, for which a policy of its own can be
 * published. With one they go to `/<user flow>/<step>` of it, and each user flow has a twin `<user flow>-impatient` that
 * does not wait long.
 */
export async function tenant({ program, connector, copies }) {
  const example = await readFile(path.join(PROJECT, 'examples/local-entra.toml'), 'utf8');
  const text = example
    .replaceAll('http://127.0.0.1:7000', program.origin)
    .replaceAll('http://127.0.0.1:9000', program.functions);
  const [head, ...flows] = text.split(/^(?=\[\[user-flow\]\])/m);
  if (!connector) return [text, ...copied(flows, copies)].join('\n');
  const twins = flows.map((flow) => flow.replace(/^(id|name) = "(.*)"$/gm, '$1 = "$2-impatient"'));
  return [
    head,
    ...flows.map((flow) => scripted(flow, connector, PATIENT_MS)),
    ...twins.map((flow) => scripted(flow, connector, IMPATIENT_MS)),
  ].join('\n');
}

function copied(flows, copies) {
  return Object.entries(copies).map(([id, original]) =>
    flows
      .find((flow) => flow.includes(`\nid = "${original}"\n`))
      .replace(/^id = .*$/m, `id = "${id}"`)
      .replace(/^name = .*$/m, `name = "${id[0].toUpperCase()}${id.slice(1)}"`)
      .replaceAll(/"\/(connectors|extensions)\//g, `"/$1/${id}/`),
  );
}

/** `after-federation = { url = "/connectors/after-federation" }`, sent elsewhere. */
const ENDPOINT = /^([a-z-]+) = \{ url = "\/.*" \}$/gm;
/** Scripted answers send no mail: codes are then mailed by the simulator itself. */
const OTP_SEND = /^otp-send.*$/gm;

function scripted(flow, connector, timeOut) {
  const [, id] = flow.match(/^id = "(.*)"$/m);
  return flow.replaceAll(OTP_SEND, '').replace(
    ENDPOINT,
    (_, step) => `${step} = { url = "${connector.origin}/${id}/${step}", time-out-ms = ${timeOut} }`,
  );
}

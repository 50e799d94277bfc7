// A deployment whose answers a test writes: it takes the place of the functions and keeps every request.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';

export class Connector {
  #answers = new Map();
  #server;
  /** `{ path, method, headers, body }` of each request, oldest first. */
  received = [];

  static async start() {
    const connector = new Connector();
    connector.#server = createServer((request, response) => connector.#serve(request, response));
    connector.#server.listen(0, '127.0.0.1');
    await once(connector.#server, 'listening');
    connector.origin = `http://127.0.0.1:${connector.#server.address().port}`;
    return connector;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The next answers of one path, one for each request; without any it lets everybody go on. */
  answer(path, ...answers) {
    this.#answers.set(path, [...(this.#answers.get(path) ?? []), ...answers]);
  }

  /** The requests that came to one path. */
  at(path) {
    return this.received.filter((request) => request.path === path);
  }

  /** Forgets the requests; an answer that nothing asked for is a mistake of the test. */
  reset() {
    const left = [...this.#answers].filter(([, answers]) => answers.length > 0);
    this.#answers.clear();
    this.received = [];
    assert.deepEqual(left, [], 'answers that nothing asked for');
  }

  async #serve(request, response) {
    const chunks = await request.toArray();
    const body = Buffer.concat(chunks).toString('utf8');
    const { url: path, method, headers } = request;
    this.received.push({ path, method, headers, body });
    const answer = this.#answers.get(path)?.shift() ?? goOn(path);
    answer(response);
  }
}

/** An answer as a deployment gives it. */
export function json(body, status = 200) {
  return raw(JSON.stringify(body), { status });
}

/** Any answer at all. */
export function raw(body, { status = 200, type = 'application/json' } = {}) {
  return (response) => {
    response.writeHead(status, type ? { 'Content-Type': type } : {});
    response.end(body);
  };
}

/** Says nothing; the connection stays open until the caller gives up. */
export function silence() {
  return () => {};
}

/** Breaks the connection without a word. */
export function hangUp() {
  return (response) => response.socket.destroy();
}

/** Announces more than it sends. */
export function half(body) {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length * 2 });
    response.write(body, () => response.socket.destroy());
  };
}

// --- API connectors

const VERSION = '1.0.0';

export const proceed = (claims = {}) => json({ version: VERSION, action: 'Continue', ...claims });
export const block = (userMessage) => json({ version: VERSION, action: 'ShowBlockPage', userMessage });
export const invalid = (userMessage) =>
  json({ version: VERSION, status: 400, action: 'ValidationError', userMessage }, 400);

// --- custom authentication extensions

const RESPONSE_DATA = {
  attributeCollectionStart: 'microsoft.graph.onAttributeCollectionStartResponseData',
  attributeCollectionSubmit: 'microsoft.graph.onAttributeCollectionSubmitResponseData',
  tokenIssuanceStart: 'microsoft.graph.onTokenIssuanceStartResponseData',
};

/** The answer of an event with one action: `action('tokenIssuanceStart', 'provideClaimsForToken', { claims })`. */
export const action = (event, name, members = {}) =>
  json(actions(event, { '@odata.type': `microsoft.graph.${event}.${name}`, ...members }));

/** The body of an answer with any actions. */
export const actions = (event, ...several) => ({
  data: { '@odata.type': RESPONSE_DATA[event], actions: several },
});

/** What a deployment without any rule says at a step of a user flow. */
function goOn(path) {
  const [, flow, step] = path.split('/');
  if (!flow.startsWith('customers')) return proceed();
  switch (step) {
    case 'after-federation':
      return action('attributeCollectionStart', 'continueWithDefaultBehavior');
    case 'before-creating-user':
      return action('attributeCollectionSubmit', 'continueWithDefaultBehavior');
    default:
      return action('tokenIssuanceStart', 'provideClaimsForToken', { claims: {} });
  }
}

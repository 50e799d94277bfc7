// The program of `make dev` as a developer runs it, on ports that nobody uses and with a state of its own.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { eventually } from './eventually.js';
import { PROJECT, TARGET, UPDATES_IMAGES } from './project.js';
import { tenant } from './tenant.js';

/** Those of `make dev`: what is shown in the documentation is what its reader sees. */
const DOCUMENTED_PORTS = [9000, 8000, 7000, 2525];

/** A function may have to be compiled, on a machine that is busy. */
const READY_MS = 240_000;
const STOPPED_MS = 15_000;

export class Program {
  #child;
  #ended;
  #folder;
  #lines = [];
  #saidReady;

  /** Resolves when it says that it is ready. `connector` answers in place of the functions; `copies` adds user flows. */
  static async start({ connector, copies = {} } = {}) {
    const program = new Program();
    program.#folder = await mkdtemp(path.join(tmpdir(), 'browser-tests-'));
    const [port, dynamodbPort, entraPort, smtpPort] = UPDATES_IMAGES ? DOCUMENTED_PORTS : await freePorts(4);
    program.origin = `http://127.0.0.1:${entraPort}`;
    program.functions = `http://127.0.0.1:${port}`;
    program.dynamodb = `http://127.0.0.1:${dynamodbPort}`;
    program.smtpPort = smtpPort;

    const file = path.join(program.#folder, 'entra.toml');
    await writeFile(file, await tenant({ program, connector, copies }));
    program.#spawn([
      ['--port', port],
      ['--dynamodb-port', dynamodbPort],
      ['--entra-port', entraPort],
      ['--smtp-port', smtpPort],
      ['--state', path.join(program.#folder, 'dynamodb.sqlite')],
      ['--entra', file],
    ]);
    try {
      await program.#ready();
    } catch (problem) {
      await program.#end('SIGTERM');
      throw problem;
    }
    return program;
  }

  /** Everything that it and the functions said so far. */
  get output() {
    return this.#lines.join('\n');
  }

  /** Runs `signupctl` on its table and returns what that printed. */
  async signupctl(...parameters) {
    const { stdout } = await promisify(execFile)(path.join(TARGET, 'debug/signupctl'), parameters, {
      env: this.#shell,
    });
    return stdout;
  }

  /** Runs what the documentation shows, in a shell that is set up as the README says, and returns what that printed. */
  async documented(commands) {
    const script = commands
      .replaceAll('target/debug', path.join(TARGET, 'debug'))
      .replaceAll('http://127.0.0.1:9000', this.functions)
      .replaceAll('http://127.0.0.1:7000', this.origin);
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], {
      cwd: PROJECT,
      env: { ...process.env, ...this.#shell },
    });
    return stdout;
  }

  /** A copy of a policy that asks the partner systems of this program instead of those of `make dev`. */
  async copy(policy) {
    const text = await readFile(path.resolve(PROJECT, policy), 'utf8');
    const file = path.join(this.#folder, path.basename(policy));
    await writeFile(file, text.replaceAll('http://127.0.0.1:7000', this.origin));
    return file;
  }

  /** Switches partner systems; those that are not named work. */
  async partners(conditions) {
    const response = await this.fetch('/simulator/partners', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(conditions),
    });
    assert.equal(response.status, 200, await response.text());
  }

  async deny(matcher, list = 'default') {
    await this.signupctl('list', 'add', matcher, '--list', list, '--effect', 'deny', '--reason', 'a test');
  }

  /** Publishes a policy as the next version; a path is seen from the project's folder. */
  async publish(policy, flow) {
    const file = path.resolve(PROJECT, policy);
    return this.signupctl('policy', 'publish', file, '--flow', flow, '--note', 'a test');
  }

  /** What the functions answer an API connector. */
  async ask(route, person) {
    const response = await fetch(`${this.functions}/connectors/${route}`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa('connector:local-password')}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(person),
    });
    return response.json();
  }

  /** Waits until the functions of both sign-up steps follow a policy that keeps throw-away addresses out, as no list does. */
  async follows(flow) {
    for (const step of ['after-federation', 'before-creating-user']) {
      const asked = () => this.ask(`${flow}/${step}`, { email: 'somebody@mailinator.com' });
      await eventually(asked, ({ action }) => assert.equal(action, 'ShowBlockPage', `${flow}/${step}`));
    }
  }

  /** The requests in a state with who applies, the newest first. */
  async requests(state) {
    const lines = await this.signupctl('request', 'list', '--state', state, '--newest', '--names', '--json');
    return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Decides as somebody of the operator. */
  async decide(action, id) {
    return this.signupctl('request', action, id, '--author', 'Alex Approver', '--reason', 'a test');
  }

  /** The lines of the audit chain, which are in files beside the table, and the records among them. */
  async auditChain() {
    const folder = path.join(this.#folder, 'dynamodb.signup-connectors.audit');
    const names = await readdir(folder, { recursive: true });
    const segments = names.filter((name) => name.endsWith('.jsonl')).toSorted();
    const texts = await Promise.all(segments.map((name) => readFile(path.join(folder, name), 'utf8')));
    const lines = texts.join('').split('\n').filter(Boolean);
    return { lines: lines.join('\n'), records: lines.map((line) => JSON.parse(line)).filter(({ record }) => record) };
  }

  fetch(path, options) {
    return fetch(new URL(path, this.origin), options);
  }

  /** The JSON that the simulator serves for programs. */
  async json(address) {
    const response = await this.fetch(address);
    assert.equal(response.status, 200, `${address}: ${response.status}`);
    return response.json();
  }

  /** Hands over a mail by SMTP. */
  async sendMail(lines, to) {
    const connection = createConnection(this.smtpPort, '127.0.0.1');
    const dialogue = createInterface({ input: connection })[Symbol.asyncIterator]();
    const commands = [
      ['220'],
      ['250', 'EHLO localhost'],
      ['250', 'MAIL FROM:<approvals@contoso.example>'],
      ['250', `RCPT TO:<${to}>`],
      ['354', 'DATA'],
      ['250', ...lines, '.'],
      ['221', 'QUIT'],
    ];
    for (const [expected, ...command] of commands) {
      if (command.length > 0) connection.write(`${command.join('\r\n')}\r\n`);
      const reply = await lastLine(dialogue);
      assert.ok(reply.startsWith(expected), reply);
    }
    connection.destroy();
  }

  /** As Ctrl-C does; it has to end by itself, and well. */
  async stop() {
    const [code, signal] = await this.#end('SIGINT');
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, this.output);
  }

  get #shell() {
    return {
      TABLE_NAME: 'signup-connectors',
      AWS_ENDPOINT_URL_DYNAMODB: this.dynamodb,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_KMS: `${this.origin}/keys`,
      REQUESTS_KEY: '10ca10ca-0000-4000-8000-000000000001',
      AWS_ENDPOINT_URL_S3: `${this.origin}/s3`,
      AUDIT_BUCKET: 'audit',
    };
  }

  #spawn(flags) {
    const child = spawn(path.join(TARGET, 'debug/local'), flags.flat().map(String), {
      cwd: PROJECT,
      env: { ...process.env, PATH: `${path.join(PROJECT, '.venv/bin')}:${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Whatever becomes of the tests, nothing is left running.
    process.once('exit', () => child.kill('SIGTERM'));
    this.#child = child;
    this.#ended = once(child, 'close');
    this.#saidReady = new Promise((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#lines.push(line);
          if (line.startsWith('ready:')) resolve('ready');
        });
      }
    });
  }

  async #ready() {
    const ended = this.#ended.then(([code]) => `it ended with ${code}`);
    const late = sleep(READY_MS, `it was not ready after ${READY_MS} ms`, { ref: false });
    const outcome = await Promise.race([this.#saidReady, ended, late]);
    assert.equal(outcome, 'ready', this.output);
  }

  async #end(signal) {
    this.#child.kill(signal);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOPPED_MS);
    const end = await this.#ended;
    clearTimeout(force);
    await rm(this.#folder, { recursive: true });
    return end;
  }
}

/** Of an SMTP reply, which may have several lines: `250-SIZE`, `250 HELP`. */
async function lastLine(dialogue) {
  for (;;) {
    const { value, done } = await dialogue.next();
    assert.ok(!done, 'the connection ended');
    if (value[3] !== '-') return value;
  }
}

/** All taken before the first is given back, so that no two are the same. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => promisify(server.close.bind(server))()));
  return ports;
}

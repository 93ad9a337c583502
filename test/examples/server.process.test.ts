/** The server of `examples/serve`, over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { classes, writeTextStudent } from '../support/students.ts';

const program = join(import.meta.dirname, '../../examples/serve/server.mjs');
const folder = mkdtempSync(join(tmpdir(), 'server-test-'));

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '0' },
  });
}

let server: ChildProcess;
let url: string;
beforeAll(async () => {
  await writeTextStudent(join(folder, 'student'));
  server = start(join(folder, 'student'));
  const [line] = await once(createInterface(server.stdout!), 'line');
  url = /^http:\S+(?=\/ )/.exec(line)![0];
});
afterAll(async () => {
  if (server.exitCode === null) server.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function post(body: RequestInit['body']) {
  const response = await fetch(`${url}/predict`, { method: 'POST', body: body! });
  const answer = z
    .object({ error: z.string(), predictions: z.array(z.object({ class: z.string() })) })
    .partial()
    .parse(await response.json());
  return { status: response.status, answer };
}

test('describes the student', async () => {
  const response = await fetch(url);
  expect(await response.json()).toMatchObject({ classes, examples: { kind: 'text' } });
});

test('predicts examples', async () => {
  const { status, answer } = await post('["a fine day", "zzz"]');
  expect(status).toBe(200);
  expect(answer.predictions).toHaveLength(2);
  expect(classes).toContain(answer.predictions![0]!.class);
});

test('answers wrong requests, and the next one', async () => {
  expect(await post('[3]')).toMatchObject({
    status: 400,
    answer: { error: expect.stringContaining('example 0 cannot be used') },
  });
  expect(await post(Buffer.alloc(20 * 1024 ** 2, ' '))).toMatchObject({
    status: 413,
    answer: { error: 'the body is larger than 10.0 MiB' },
  });
  expect((await post('["a fine day"]')).status).toBe(200);
});

test('ends at SIGTERM', async () => {
  server.kill('SIGTERM');
  expect(await once(server, 'exit')).toEqual([0, null]);
});

test('does not start without a student', async () => {
  const failed = start(join(folder, 'none'));
  const [stderr, [code]] = await Promise.all([text(failed.stderr!), once(failed, 'exit')]);
  expect(code).toBe(1);
  expect(stderr).toContain('none does not exist\nSTUDENT is a folder with student.json');
});

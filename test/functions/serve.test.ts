/** The function behind a student's URL, as Lambda calls it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createServeHandler } from '../../functions/serve.ts';
import { followCurrent } from '../../src/predict/current-student.ts';
import { keys } from '../../src/run/keys.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { sealedText } from '../support/put.ts';
import { classes, writeTextStudent } from '../support/students.ts';

let results: string;
let messages: string[];
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), 'serve-test-'));
  messages = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(results, { recursive: true });
});

/** Writes a student, and points to it. */
async function publish(run: string, more = {}): Promise<void> {
  const student = keys.student(run, 'relabel');
  await writeTextStudent(join(results, student), { createdBy: run, ...more });
  point(run, student);
}

function point(run: string, student: string): void {
  const key = keys.current('texts');
  const path = join(results, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, sealedText({ run, variant: 'relabel', student }, key));
}

/** Loads the function, as a new environment of Lambda does. */
function load() {
  vi.stubEnv('RESULTS', results);
  vi.stubEnv('DATASET', 'texts');
  const handle = createServeHandler();
  const context = {
    signal: new AbortController().signal,
    report: ({ message = '' }) => messages.push(message.replaceAll(results, '.')),
  };
  return async (method: string, rawPath: string, body?: string | Uint8Array) => {
    const encoded =
      typeof body === 'string' || body === undefined
        ? { body, isBase64Encoded: false }
        : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
    const requestContext = { http: { method, sourceIp: '192.0.2.1' } };
    const event = { version: '2.0', rawPath, requestContext, ...encoded };
    const response = (await handle(event, context)) as { statusCode: number; body: string };
    return { ...response, body: JSON.parse(response.body) };
  };
}

test('predicts with the student in use, from texts and from bytes', async () => {
  await publish('texts-1');
  const call = load();
  const described = await call('GET', '/');
  expect(described).toMatchObject({ statusCode: 200, body: { classes, createdBy: 'texts-1' } });
  const fromText = await call('POST', '/predict', '["ein Tag"]');
  expect(fromText).toMatchObject({
    statusCode: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: { predictions: [{ class: expect.any(String) }] },
  });
  expect(await call('POST', '/predict', Buffer.from('["ein Tag"]'))).toEqual(fromText);
  expect(await call('POST', '/predict', '[3]')).toMatchObject({ statusCode: 400 });
  expect(await call('POST', '/predict')).toMatchObject({ statusCode: 400 });
});

test('refuses until a run has published a student', async () => {
  const call = load();
  expect(await call('GET', '/')).toMatchObject({
    statusCode: 503,
    body: { error: 'the dataset texts has no student in use yet' },
  });
  expect(messages).toEqual(['the dataset texts has no student in use yet']);
  await publish('texts-1');
  expect(await call('GET', '/')).toMatchObject({ statusCode: 200 });
});

test('refuses an answer that Lambda could not return', async () => {
  await publish('texts-1', { classes: classes.map((name) => name.padEnd(3000)) });
  const call = load();
  const many = JSON.stringify(Array(1000).fill('a'));
  expect(await call('POST', '/predict', many)).toMatchObject({
    statusCode: 413,
    body: { error: 'the answer is larger than 6 MiB' },
  });
});

test('looks for another student at most once per minute, and keeps a former one in need', async () => {
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const looks = vi.spyOn(FolderStore.prototype, 'head');
  await publish('texts-1');
  const current = followCurrent(results, 'texts');
  const problems: string[] = [];
  const usedAt = async (ms: number) => {
    nowMs = ms;
    return (await current((reason) => problems.push(reason))).description.createdBy;
  };
  expect(await usedAt(0)).toBe('texts-1');
  looks.mockClear();
  await publish('texts-2');
  expect(await usedAt(59_999)).toBe('texts-1');
  expect(looks).not.toHaveBeenCalled();
  expect(await usedAt(60_000)).toBe('texts-2');
  looks.mockClear();
  expect(await usedAt(120_000)).toBe('texts-2');
  expect(looks).toHaveBeenCalledTimes(1);
  point('texts-3', keys.student('texts-3', 'relabel'));
  expect(await usedAt(180_000)).toBe('texts-2');
  expect(await usedAt(180_001)).toBe('texts-2');
  expect(problems).toHaveLength(1);
  await publish('texts-3');
  expect(await usedAt(240_000)).toBe('texts-3');
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { InterruptedError, TransientError, UserError } from '../../src/errors.ts';
import { attemptId } from '../../src/run/failure-cause.ts';
import { hideMessage, readCause } from '../../src/run/hidden-message.ts';
import { entry } from '../../src/stages/entry.ts';
import { FolderStore } from '../../src/store/folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'counterweight-hidden-'));
afterAll(() => rmSync(folder, { recursive: true }));
let results: string;
beforeEach(() => {
  results = mkdtempSync(join(folder, 'results-'));
});

const run = 'digits-1a2b3c4d5e6f';
const canary = 'canary-5b1f';

/** Returns the error that a stage throws. */
async function thrownBy(error: unknown): Promise<unknown> {
  const handler = entry('Warm up', z.unknown(), async () => {
    throw error;
  });
  const context = { signal: new AbortController().signal, report() {} };
  return handler({}, context).catch((thrown: unknown) => thrown);
}

/** Lists everything that a logger can find in an error. */
function contentOf(error: Error): string {
  const fields = Object.getOwnPropertyNames(error).map((name) => Reflect.get(error, name));
  return [error.name, String(error), JSON.stringify(error), ...fields.map(String)].join('\n');
}

const cause = (error: Error) => JSON.stringify({ errorMessage: error.message });

const errors: [string, unknown][] = [
  ["a user's mistake", new UserError(`label ${canary} is unknown`, `Remove ${canary}.`)],
  ['an error of several lines', new Error(`${canary}\n    at ${canary} (file.ts:1:2)\n${canary}`)],
  ['an error with a cause', new TransientError('failed', { cause: new Error(canary) })],
  ['an error with fields', Object.assign(new Error('failed'), { row: { id: canary } })],
  ['errors together', new AggregateError([new Error(canary)], canary)],
  ['a text', canary],
];

test.each(errors)('%s is thrown on without its message', async (_, error) => {
  const hidden = await hideMessage(await thrownBy(error), { stage: 'Warm up', run, results });
  expect(contentOf(hidden)).not.toContain(canary);
  expect(hidden.name).toBe(error instanceof Error ? error.name : 'Error');
  expect(hidden.message).toMatch(/^Warm up: the message is in runs\/digits-1a2b3c4d5e6f\/errors\//);
  if (error instanceof Error)
    expect(hidden.stack).toMatch(/\n {4}at .*hidden-message\.test\.ts:\d+/);
});

test('the message is read for the record of the failure', async () => {
  const thrown = await thrownBy(new UserError(`label ${canary}\nis unknown`, 'Remove it.'));
  const hidden = await hideMessage(thrown, { stage: 'Warm up', run, results });
  expect(await readCause(new FolderStore(results), run, cause(hidden))).toEqual({
    stage: 'Warm up',
    message: `label ${canary}\nis unknown`,
    hint: 'Remove it.',
  });
});

test('the same message is stored once', async () => {
  const one = await hideMessage(new Error('no'), { stage: 'Label', run, results });
  const other = await hideMessage(new Error('no'), { stage: 'Label', run, results });
  expect(other.message).toBe(one.message);
  expect(readdirSync(join(results, 'runs', run, 'errors'))).toHaveLength(1);
});

test('an interruption keeps its message, which has no data', async () => {
  const thrown = await thrownBy(new InterruptedError('stopped after step 3'));
  const hidden = await hideMessage(thrown, { stage: 'Warm up', run, results });
  expect(hidden.message).toBe('Warm up: stopped after step 3');
  expect(readdirSync(results)).toEqual([]);
});

test('a function without a run throws its name and no message', async () => {
  const hidden = await hideMessage(new TypeError(canary), { stage: 'Start' });
  expect(hidden).toMatchObject({
    name: 'TypeError',
    message: 'Start: the message is hidden: it may quote data',
  });
  expect(contentOf(hidden)).not.toContain(canary);
});

test('a message that cannot be stored is hidden nevertheless', async () => {
  const nowhere = join(import.meta.filename, 'results');
  const hidden = await hideMessage(new Error(canary), { stage: 'Label', run, results: nowhere });
  expect(hidden.message).toMatch(/^Label: the message is hidden, and could not be stored \(\w+\)$/);
  expect(contentOf(hidden)).not.toContain(canary);
});

test('the message of a job is that of its last attempt', async () => {
  const job = 'b1946ac9-0000-4222-8333-444455556661';
  const store = (attempt: number, text: string) =>
    hideMessage(new UserError(text), { stage: 'Train', run, results, id: attemptId(job, attempt) });
  await store(1, 'first');
  await store(3, 'third');
  const batch = (attempts: number) =>
    JSON.stringify({
      JobId: job,
      Attempts: Array.from({ length: attempts }, () => ({})),
      StatusReason: 'Host EC2 (instance i-1) terminated.',
      Container: {},
    });
  const read = (attempts: number) => readCause(new FolderStore(results), run, batch(attempts));
  expect(await read(1)).toEqual({ stage: 'Train', message: 'first', hint: undefined });
  // Killed before it could store a message.
  expect(await read(2)).toMatchObject({ message: 'Host EC2 (instance i-1) terminated.' });
  expect(await read(3)).toMatchObject({ message: 'third' });
});

test.each([
  ['of another run', `Label: the message is in runs/../other/errors/${'a'.repeat(16)}.json`],
  ['that is missing', `Label: the message is in runs/${run}/errors/${'a'.repeat(16)}.json`],
])('a key %s is left as it is', async (_, errorMessage) => {
  const found = await readCause(new FolderStore(results), run, JSON.stringify({ errorMessage }));
  expect(found).toEqual({
    stage: 'Label',
    message: errorMessage.replace('Label: ', ''),
    hint: undefined,
  });
});

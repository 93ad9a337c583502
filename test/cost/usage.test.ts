import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stageTimes } from '../../src/cost/stage-times.ts';
import { parseUsageKey, readUsages, recordUsage, usageKey } from '../../src/cost/usage.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { MemoryStore } from '../support/memory-store.ts';

const usage = fc.record({
  task: fc.constantFrom('Plan', 'TrainTeacher', 'Label', 'Train'),
  resource: fc.oneof(
    fc.constant('local'),
    fc.integer({ min: 128, max: 10_240 }).map((mib) => `lambda-${mib}`),
    fc
      .tuple(
        fc.constantFrom(
          'g4dn.xlarge',
          'g5.12xlarge',
          'p4de.24xlarge',
          'u-6tb1.metal',
          'g6f.xlarge',
        ),
        fc.constantFrom('spot', 'ondemand'),
      )
      .map((parts) => parts.join('-')),
  ),
  ms: fc.nat(),
  id: fc.oneof(
    fc.uuid(),
    fc.uuid().map((id) => `${id}:array-2.1`),
  ),
});

describe('a usage key', () => {
  test('contains all its parts', () => {
    fc.assert(
      fc.property(usage, (made) => {
        expect(parseUsageKey(usageKey(made))).toEqual(made);
      }),
    );
  });

  test('is as documented', () => {
    const made = { task: 'Label', resource: 'lambda-3008', ms: 1234.2, id: 'a1-b2' };
    expect(usageKey(made)).toBe('Label/lambda-3008/1235-a1-b2');
  });

  test('cannot be made of what would not be found again', () => {
    const made = { task: 'Label', resource: 'lambda-3008', ms: 1, id: 'a1' };
    expect(() => usageKey({ ...made, id: 'a/b' })).toThrow(RangeError);
    expect(() => usageKey({ ...made, resource: 'laptop' })).toThrow("'Label/laptop/1-a1'");
    expect(() => usageKey({ ...made, ms: Number.NaN })).toThrow(RangeError);
  });

  test('of any other text is undefined', () => {
    const near = fc.array(
      fc.constantFrom('Label', '/', 'lambda-', '3008', '12', '-', 'g5.xlarge-spot', 'x', '\n', ' '),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          near.map((parts) => parts.join('')),
        ),
        (text) => {
          const found = parseUsageKey(text);
          if (found) expect(usageKey(found)).toBe(text.replace(/\/0+(?=\d)/, '/'));
        },
      ),
    );
    for (const text of [
      '',
      'Label/lambda-0/1-a',
      'Label/lambda-3008/-1-a',
      'Label/lambda-3008/1-',
    ]) {
      expect(parseUsageKey(text)).toBeUndefined();
    }
  });
});

test('a run adds up by task and resource, whatever else lies there', async () => {
  const store = new MemoryStore();
  const made = [
    { task: 'Label', resource: 'lambda-3008', ms: 1000, id: 'a' },
    { task: 'Label', resource: 'lambda-3008', ms: 2500, id: 'b' },
    { task: 'Train', resource: 'g5.xlarge-spot', ms: 60_000, id: 'c' },
    { task: 'Train', resource: 'g5.xlarge-ondemand', ms: 30_000, id: 'd' },
  ];
  for (const one of made) await store.write(`runs/r/usage/${usageKey(one)}`, new Uint8Array());
  for (const key of ['usage/notes.txt', 'usage/Label/lambda-x/1-a', 'plan.json']) {
    await store.write(`runs/r/${key}`, new Uint8Array());
  }
  await store.write('runs/r2/usage/Label/lambda-3008/9-z', new Uint8Array());
  expect(await stageTimes(store, 'r')).toEqual([
    { title: 'Label', calls: 2, seconds: 3.5 },
    { title: 'Train', calls: 2, seconds: 90 },
  ]);
  expect(await readUsages(store, 'r')).toEqual([
    { task: 'Label', resource: 'lambda-3008', calls: 2, seconds: 3.5 },
    { task: 'Train', resource: 'g5.xlarge-ondemand', calls: 1, seconds: 30 },
    { task: 'Train', resource: 'g5.xlarge-spot', calls: 1, seconds: 60 },
  ]);
});

test('what is recorded is found again, and recording twice is once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-usage-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const made = { task: 'Weigh', resource: 'lambda-3008', ms: 1500, id: 'a' };
  await recordUsage(folder, 'r', made);
  await recordUsage(folder, 'r', made);
  expect(await readUsages(new FolderStore(folder), 'r')).toEqual([
    { task: 'Weigh', resource: 'lambda-3008', calls: 1, seconds: 1.5 },
  ]);
});

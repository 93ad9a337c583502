import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { differences, removeStudents } from './results.ts';

/** Results with a few files, and a copy of them. */
function twoResults() {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [whole, other] = [join(folder, 'whole'), join(folder, 'other')];
  const write = (name: string, text: string, results = other) => {
    mkdirSync(dirname(join(results, name)), { recursive: true });
    writeFileSync(join(results, name), text);
  };
  const names = [
    'labels/a.parquet',
    'students/r/v/weights.bin',
    'runs/r/plan.json',
    'runs/r/metrics.json',
  ];
  for (const name of names) write(name, name, whole);
  cpSync(whole, other, { recursive: true });
  return { whole, other, write };
}

test('a changed bit, a missing file and a file too many are differences', async () => {
  const { whole, other, write } = twoResults();
  expect(await differences(whole, other)).toEqual([]);
  write('labels/a.parquet', 'labels/a.parqueu');
  write('students/r/v/.part-1', 'half');
  rmSync(join(other, 'runs/r/metrics.json'));
  expect(await differences(whole, other)).toEqual([
    'labels/a.parquet differs: 16 bytes, undisturbed 16',
    'runs/r/metrics.json is missing',
    'students/r/v/.part-1 should not be there',
  ]);
});

test('times, records of calls and unfinished files are not compared', async () => {
  const { whole, other, write } = twoResults();
  write('.tmp/0a17a10e.new', 'half');
  write('runs/r/usage/Plan/local/12', '');
  write('runs/r/report.html', 'in 12 s');
  expect(await differences(whole, other)).toEqual([]);
});

test('the training starts over, and the labels stay', async () => {
  const { other } = twoResults();
  await removeStudents(other);
  expect(existsSync(join(other, 'students/r/v/weights.bin'))).toBe(false);
  expect(existsSync(join(other, 'runs/r/metrics.json'))).toBe(false);
  expect(existsSync(join(other, 'labels/a.parquet'))).toBe(true);
});

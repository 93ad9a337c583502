/** Damage to the files of a finished run: `counterweight verify` reports it, and a run mends it. */
import { execSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { verifyRun } from '../../src/distill/verify/verify-run.ts';
import { keys } from '../../src/run/keys.ts';
import { evaluateStudents } from '../../src/stages/evaluate.ts';
import { writeJsonOnce } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { makeDataset } from '../support/datasets.ts';
import { refusalOf } from '../support/refusal.ts';
import { context, finished } from '../support/staged-run.ts';

/** Runs the method with the most files, and lists those with content. */
async function finishedRun() {
  const made = makeDataset('csv', { method: 'relabel', compare: '[]' });
  const { job } = await finished(made);
  const store = await openStore(made.results, 'time');
  return {
    ...{ made, store, run: job.run },
    path: (key: string) => join(made.results, key),
    files: filesIn(made.results).filter((key) => !/\/usage\/|^spend\/|^checkpoints\//.test(key)),
    verify: () => verifyRun(store, job.run),
    /** Answers for the labeled set. They are needed only until the teacher is calibrated. */
    isRaw: (key: string) => key.startsWith(`labels/${job.plan.teacher.digest}/`),
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function readFileIfAny(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.of();
}

/**
 * Flips a bit in the middle of a file; in JSON, one of a letter. Another last digit of a long
 * number may be the same number, which no checksum of JSON notices.
 */
function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2);
  const isLetter = (byte: number) => /[a-z]/.test(String.fromCharCode(byte));
  const letter = path.endsWith('.json') ? bytes.subarray(middle).findIndex(isLetter) : -1;
  bytes[middle + Math.max(0, letter)]! ^= 1;
  writeFileSync(path, bytes);
}

/** Removes the checksum from JSON that has one. */
function removeChecksum(path: string): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(/"checksum": "sha256-\w+",?\s*/, '').replace(/,\s*}\s*$/, '}\n'),
  );
}

/** Copies another file of the folder over a file: of another shard, fold or kind. */
function copyAnother(path: string): void {
  const folder = dirname(path);
  const another = readdirSync(folder).find(
    (name) => name !== basename(path) && extname(name) === extname(path),
  );
  if (another !== undefined) copyFileSync(join(folder, another), path);
}

const damages = {
  'a flipped bit': flipBit,
  'a lost checksum': removeChecksum,
  'a file that was cut short': (path) => truncateSync(path, readFileSync(path).length - 2),
  'an empty file': (path) => truncateSync(path),
  'another file in its place': copyAnother,
  'a deletion': (path) => rmSync(path),
} satisfies Record<string, (path: string) => void>;

test('damage of every kind to any file is noticed, and no other file is accused', async () => {
  const { files, path, verify, isRaw } = await finishedRun();
  expect(await verify()).toMatchObject({
    isFinished: true,
    intact: files.length,
    damaged: [],
    unchecked: [],
  });
  for (const [kind, damage] of Object.entries(damages)) {
    for (const key of files) {
      if (kind === 'a deletion' && isRaw(key)) continue;
      const bytes = readFileSync(path(key));
      damage(path(key));
      if (bytes.equals(readFileIfAny(path(key)))) continue;
      const { damaged } = await verify();
      expect(
        damaged.map((one) => one.key),
        `${kind}: ${key}`,
      ).toEqual([key]);
      writeFileSync(path(key), bytes);
    }
  }
});

/** Files that a rerun checks: the student in all formats, the figures, and the files for people. */
const delivered =
  /^runs\/[^/]+\/(students\/relabel\/(?!round-|history|relabel\.json)|metrics|machine|predictions|documents|report|label-)/;

test.each([
  ['a fold of the teacher', (key: string) => /^teachers\/.*\/fold-1\//.test(key)],
  ['a round', (key: string) => key.includes('/round-1/')],
])('%s that was deleted as a whole is noticed', async (_, isPart) => {
  const { files, path, verify } = await finishedRun();
  const deleted = files.filter(isPart);
  for (const key of deleted) rmSync(path(key));
  const { damaged } = await verify();
  expect(damaged.length).toBeGreaterThan(0);
  for (const { key, how } of damaged) expect([isPart(key), how]).toEqual([true, 'is missing']);
});

test('a rerun of a finished run names every damaged file that it delivers', async () => {
  const { made, files, path, run } = await finishedRun();
  const event = { run, ...made, execution: run };
  const evaluate = () => evaluateStudents(event, context);
  const checked = files.filter((key) => delivered.test(key));
  expect(checked.length).toBeGreaterThan(15);
  await evaluate();
  for (const [kind, damage] of Object.entries(damages)) {
    for (const key of checked) {
      const bytes = readFileSync(path(key));
      damage(path(key));
      if (!bytes.equals(readFileIfAny(path(key)))) {
        const error = await evaluate().catch((error: unknown) => error);
        // Evaluate writes some of the files again if they are missing.
        const isMended = kind === 'a deletion' && existsSync(path(key));
        if (!isMended) expect(String(error), `${kind}: ${key}`).toContain(key);
      }
      writeFileSync(path(key), bytes);
    }
  }
  rmSync(path(keys.metrics(run)));
  await expect(evaluate()).resolves.toBeDefined();
});

test('the command of a rerun mends the files', async () => {
  const { made, path, run, verify } = await finishedRun();
  const evaluate = () => evaluateStudents({ run, ...made, execution: run }, context);
  const folder = keys.student(run, 'relabel');
  for (const key of [`${folder}weights.bin`, `${folder}model.onnx`, keys.labelNext(run)]) {
    flipBit(path(key));
  }
  const { hint = '' } = await refusalOf(evaluate());
  execSync(hint.slice(hint.indexOf('rm -f')));
  await finished(made);
  await evaluate();
  expect(await verify()).toMatchObject({ damaged: [], unchecked: [] });
});

test('a plan that is intact and has another form is refused, because it lists the files', async () => {
  const { path, verify, store, run } = await finishedRun();
  rmSync(path(keys.plan(run)));
  await writeJsonOnce(store, keys.plan(run), { dataset: 'a plan of another version' });
  await expect(verify()).rejects.toThrow(
    `${keys.plan(run)} does not have the form of a plan of this version`,
  );
});

/**
 * Files that are written otherwise the second time: those with times of the machine, the file with
 * their digests, the plan, whose estimate counts the labels that exist already, and the reason for
 * the publication.
 */
const varies = /(machine|documents|plan|publication)\.json$|report\.html$|MODEL\.md$/;

test('a run mends every file that is removed as verify reports', async () => {
  const { made, files, path, verify, isRaw } = await finishedRun();
  const written = new Map(files.map((key) => [key, readFileSync(path(key))]));
  // One of several folds stands for all.
  for (const key of files.filter((one) => !one.includes('/fold-1/'))) {
    flipBit(path(key));
    const { damaged } = await verify();
    for (const one of damaged) {
      for (const other of [one.key, ...one.others]) rmSync(path(other), { force: true });
    }
    await finished(made);
    expect(await verify(), key).toMatchObject({ damaged: [], unchecked: [] });
    if (isRaw(key) || varies.test(key)) continue;
    expect(readFileSync(path(key)).equals(written.get(key)!), key).toBe(true);
  }
});

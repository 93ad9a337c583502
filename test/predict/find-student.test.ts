import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findStudent } from '../../src/predict/find-student.ts';
import { keys } from '../../src/run/keys.ts';
import { sealedText } from '../support/put.ts';

const root = mkdtempSync(join(tmpdir(), 'find-student-'));
const results = join(root, 'results');
const folder = keys.student('digits-1', 'relabel').replace(/\/$/, '');

/** Writes an object of results below a folder. */
function write(folder: string, key: string, content: object): void {
  const path = join(root, folder, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, sealedText(content, key));
}

beforeAll(() => {
  const sets = { labeled: { shards: 1, bytes: 1 }, validation: { shards: 1, bytes: 1 } };
  const plan = {
    variants: [{ name: 'relabel' }, { name: 'uniform' }],
    sets: { ...sets, test: sets.labeled, unlabeled: sets.labeled },
  };
  for (const run of ['digits-1', 'digits-2']) {
    write('results', keys.record(run), {});
    write('results', keys.plan(run), plan);
  }
  write('results', `${folder}/student.json`, {});
  write('results', keys.current('digits'), {
    ...{ run: 'digits-1', variant: 'relabel', student: keys.student('digits-1', 'relabel') },
  });
  write('fetched', 'student/student.json', {});
  write('several', 'students/a/CURRENT', {});
  write('several', 'students/b/CURRENT', {});
  mkdirSync(join(root, 'empty'));
});
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  folder,
  `${folder}/`,
  `${folder}/student.json`,
  'runs/digits-1',
  'students/digits/CURRENT',
  'students/digits',
  '',
])('results/%s is the student of the run', async (path) => {
  const found = await findStudent(join(results, path), 'nowhere');
  expect(found.replace(/\/$/, '')).toBe(join(results, folder));
});

test.each(['runs/digits-1/.', 'students/digits/.', 'runs/../students/digits/./CURRENT'])(
  'results/%s, as seen from a folder inside, is the student',
  async (path) => {
    expect(await findStudent(`${results}/${path}`, 'nowhere')).toBe(join(results, folder));
  },
);

test.each(['digits-1', 'digits'])('the name %s is looked up in the results', async (name) => {
  expect(await findStudent(name, results)).toBe(join(results, folder));
});

test('the folder that fetch makes has a student', async () => {
  expect(await findStudent(join(root, 'fetched'), results)).toBe(join(root, 'fetched/student'));
});

test.each([
  ['digits-2', 'the run digits-2 has no student yet'],
  ['digit', 'there is no run, dataset or folder "digit"'],
  ['.', '. has no student.json'],
  [join(root, 'empty'), 'empty has no student.json'],
  [join(root, 'nowhere'), 'nowhere does not exist'],
  [join(root, 'several'), 'has the students of 2 datasets'],
])('%s is refused', async (name, message) => {
  await expect(findStudent(name, results)).rejects.toThrow(message);
});

test('a name that is not in the results gets the nearest one', async () => {
  await expect(findStudent('digit', results)).rejects.toHaveProperty(
    'hint',
    expect.stringContaining(
      'Did you mean digits?\nRuns and datasets there: digits-1, digits-2, digits.',
    ),
  );
});

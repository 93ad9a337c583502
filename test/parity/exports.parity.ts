/**
 * Compares the exported files of small students with `loadStudent`, on 1,000 raw examples: ONNX in
 * Node and Python, SavedModel in Python's TensorFlow, tfjs in Chromium, and the Python of the card.
 * `UPDATE_PARITY=1 npm run parity` writes the table in docs/tested.md. PARITY_EXAMPLES and
 * PARITY_ONLY, a pattern of names, make a shorter run.
 *
 * It is not a part of `npm test`, because it takes an hour and needs TensorFlow for Python.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { peersPython } from '../../bench/python.ts';
import { table } from '../../src/evaluate/card/markdown.ts';
import { packageRoot } from '../../src/package-root.ts';
import { predictInBrowser } from './browser.ts';
import { type Compared, compareInNode, largest } from './compare.ts';
import { listComparisons, makeRaw } from './plans.ts';
import { classes } from './students.ts';

const examples = Number(process.env.PARITY_EXAMPLES ?? 1000);
const only = new RegExp(process.env.PARITY_ONLY ?? '');

/** Largest difference of a probability that is allowed. */
const limit = 1e-5;

const columns = [
  'ONNX, Node',
  'ONNX, Python',
  'SavedModel',
  'tfjs, Chromium',
  'Python of `MODEL.md`',
];

const scratch = mkdtempSync(join(tmpdir(), 'counterweight-parity-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the Python of all students in one process, because TensorFlow takes seconds to load. */
async function runPython(students: readonly Compared[]): Promise<void> {
  const cases = join(scratch, 'cases.json');
  writeFileSync(cases, JSON.stringify(students.map(({ folder, feeds }) => ({ folder, feeds }))));
  const python = await peersPython(console.log);
  execFileSync(python, [join(import.meta.dirname, 'run.py'), cases], { stdio: 'inherit' });
}

/** Returns the difference of a result of Python, or its error; undefined if there is no file. */
function ofPython(
  { folder, expected }: Pick<Compared, 'folder' | 'expected'>,
  name: string,
): number | string | undefined {
  const errors: Record<string, string> = JSON.parse(
    readFileSync(join(folder, 'errors.json'), 'utf8'),
  );
  const file = join(folder, `${name}.bin`);
  if (!existsSync(file)) return errors[name];
  return largest(new Float32Array(Uint8Array.from(readFileSync(file)).buffer), expected);
}

test('exported students give the same probabilities in every runtime', async () => {
  const raw = await makeRaw(examples);
  const students: Compared[] = [];
  for (const [index, comparison] of (await listComparisons(raw)).entries()) {
    if (!only.test(comparison.name)) continue;
    students.push(await compareInNode(comparison, join(scratch, String(index))));
    console.log(students.at(-1)!.name, students.at(-1)!.onnx);
  }
  await runPython(students);
  const inBrowser = students.flatMap(({ folder, shape }) => (shape ? [{ folder, shape }] : []));
  const browser = await predictInBrowser(inBrowser);
  console.log(browser?.backend);
  const found = students.map((student) => {
    const { name, folder, expected, forCard, onnx } = student;
    const size = classes.length;
    const own = Float32Array.from(
      forCard.flatMap((row) => [...expected.subarray(row * size, (row + 1) * size)]),
    );
    const answers = browser?.answers[inBrowser.findIndex((each) => each.folder === folder)];
    const differences = [
      onnx,
      ofPython(student, 'onnx'),
      ofPython(student, 'saved_model'),
      answers && largest(answers, expected),
      ofPython({ folder, expected: own }, 'card'),
    ];
    return { name, differences };
  });
  const rows = found.map(({ name, differences }) => [
    name,
    ...differences.map((one) => (typeof one === 'number' ? one.toExponential(1) : (one ?? '–'))),
  ]);
  const text = table(['student', ...columns], rows);
  console.log(text);
  const wrong = found.flatMap(({ name, differences }) =>
    differences.flatMap((one, index) =>
      one === undefined || (typeof one === 'number' && one < limit)
        ? []
        : [[name, columns[index], one]],
    ),
  );
  expect(wrong).toEqual([]);
  if (process.env.UPDATE_PARITY !== '1') return;
  const document = join(packageRoot, 'docs/tested.md');
  const written = readFileSync(document, 'utf8').replace(
    /(<!-- parity -->\n)[\s\S]*?(<!-- end of parity -->)/,
    (_, start: string, end: string) => `${start}\n${text}\n\n${end}`,
  );
  writeFileSync(document, written);
});

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { normalizeText } from '../../../src/data/features/text-normalize.ts';
import { ngramsLines } from '../../../src/evaluate/card/text-python.ts';
import { writeNgrams } from '../../../src/models/ngrams/files.ts';
import { createNgrams } from '../../../src/models/ngrams/model.ts';
import { createNgramsStep } from '../../../src/train/ngrams/step.ts';

const texts = [
  'A great film!',
  'boring, really boring',
  '这部电影很好看',
  'naïve 👍🏽 ok',
  'unseen',
  '\ufeffA  GREAT\u0007\u00a0film! nai\u0308ve\r\n',
  `boring ${'really '.repeat(9)}👍🏽 boring`,
];

/** Cuts the last text within its emoji. */
const maxCharacters = 71;

const names = ['a', 'b', 'größe'];

test.each([
  { hidden: 0, subclasses: 1, isMultiLabel: false },
  { hidden: 5, subclasses: 2, isMultiLabel: false },
  { hidden: 0, subclasses: 1, isMultiLabel: true },
])('the Python of a card gives the same probabilities: %o', async (options) => {
  const folder = await mkdtemp(join(tmpdir(), 'ngrams-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const shape = { buckets: 5000, wordNgrams: 2, minChars: 2, maxChars: 4, dimension: 4 };
  const whole = createNgrams({ ...shape, hidden: options.hidden }, 3, 1, options.isMultiLabel);
  const model = options.subclasses > 1 ? whole.split(options.subclasses) : whole;
  const outputs = 3 * options.subclasses;
  const step = createNgramsStep(model, { optimizer: 'adam', momentum: 0, weightDecay: 0 });
  const targets = Float32Array.from({ length: 3 * outputs }, (_, i) => (i % (outputs + 1) ? 0 : 1));
  const one = new Float32Array(3).fill(1);
  const batch = { size: 3, rows: { n: 3, texts: texts.slice(0, 3) }, targets };
  for (let count = 0; count < 20; count++) {
    step.run({ ...batch, weights: one, teacherMargins: one }, 0.1);
  }
  for (const [name, bytes] of writeNgrams(model)) await writeFile(join(folder, name), bytes);
  await writeFile(join(folder, 'student.json'), JSON.stringify({ classes: names }));
  const loop = [
    'import sys',
    'for line in sys.stdin: print(json.dumps(predict(json.loads(line))))',
  ];
  const program = [...ngramsLines(maxCharacters), ...loop].join('\n');
  const printed = execFileSync('python3', ['-I', '-c', program], {
    cwd: folder,
    input: `${texts.map((text) => JSON.stringify(text)).join('\n')}\n`,
    encoding: 'utf8',
  });
  const lines = printed.trim().split('\n');
  const found = lines.flatMap((line) => names.map((name) => JSON.parse(line)[name] as number));
  const normalized = texts.map((text) => normalizeText(text, maxCharacters).text);
  const expected = model.predict({ n: texts.length, texts: normalized });
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6);
  expect(Math.max(...expected)).toBeGreaterThan(0.6);
});

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pictures } from '../../docs/make-pictures.ts';

const folder = path.join(import.meta.dirname, '../../docs/pictures');
const made = Object.entries(pictures());

// After a change of the estimator: UPDATE_PICTURES=1 npx vitest run test/docs/pictures.test.ts
if (process.env.UPDATE_PICTURES === '1') {
  for (const [name, svg] of made) writeFileSync(path.join(folder, name), svg);
}

test.each(made)('docs/pictures/%s is current', (name, svg) => {
  expect(readFileSync(path.join(folder, name), 'utf8')).toBe(svg);
});

test('the table of weights is right', () => {
  const page = readFileSync(path.join(folder, '../how-the-weights-work.md'), 'utf8');
  const rows = [...page.matchAll(/^\| ([\d.]+) +\| ([\d.]+) +\| ([\d.]+) +\|/gm)];
  expect(rows).toHaveLength(4);
  for (const [, p, d, w] of rows) {
    expect(1 / (1 + Number(p) * (Number(d) - 1))).toBeCloseTo(Number(w), 2);
  }
});

import { copyFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { nextToLabel } from '../../src/stages/evaluate/next-to-label.ts';
import { type Dataset, makeDataset } from '../support/datasets.ts';
import { reconciled } from '../support/staged-run.ts';

/** Returns the names of the files in unlabeled/first/ that are to be labeled. */
async function toLabel(made: Dataset): Promise<string[]> {
  const { job } = await reconciled(made);
  const next = await nextToLabel(job);
  return next.flatMap(({ id }) => (id.includes('first') ? basename(id) : [])).sort();
}

test('examples that are labeled already are not to be labeled', async () => {
  const made = makeDataset('images');
  const before = await toLabel(made);
  const labeled = before.filter((_, index) => index % 3 === 0);
  // Under other names, as add-labels gives them.
  for (const [index, name] of labeled.entries()) {
    const set = index % 2 === 0 ? 'labeled' : 'validation';
    const copy = join(made.dataset, set, '3', `answer-${index}${extname(name)}`);
    copyFileSync(join(made.dataset, 'unlabeled/first', name), copy);
  }
  expect(labeled.length).toBeGreaterThan(3);
  expect(await toLabel(made)).toEqual(before.filter((name) => !labeled.includes(name)));
});

import { copyFileSync, rmSync } from 'node:fs';
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
  const sets = ['labeled', 'validation', 'test'] as const;
  // Under other names, as add-labels gives them.
  for (const [index, name] of labeled.entries()) {
    const set = sets[index % 3]!;
    const copy = join(made.dataset, set, '3', `answer-${index}${extname(name)}`);
    copyFileSync(join(made.dataset, 'unlabeled/first', name), copy);
  }
  expect(labeled.length).toBeGreaterThan(3);
  // A copy of an example is not a second one to label.
  const [twice] = before.filter((name) => !labeled.includes(name));
  const second = join(made.dataset, 'unlabeled/second', `copy${extname(twice!)}`);
  copyFileSync(join(made.dataset, 'unlabeled/first', twice!), second);
  const everyId = (await nextToLabel((await reconciled(made)).job)).map(({ id }) => id);
  expect(everyId.filter((id) => id.includes('copy') || id.includes(twice!))).toHaveLength(1);
  rmSync(second);
  expect(await toLabel(made)).toEqual(before.filter((name) => !labeled.includes(name)));
});

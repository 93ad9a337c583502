/** The model cards of students: their text, and their programs for Node and browsers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LoadedStudent, loadStudent } from '../../src/models/load-student.ts';
import { keys } from '../../src/run/keys.ts';
import { type Format, makeDataset } from '../support/datasets.ts';
import { makeWeather } from '../support/multi-label.ts';
import { finished } from '../support/staged-run.ts';

const quick = { compare: '[uniform]', warmup: '{ epochs: 1 }', publish: '{ minGain: -1 }' };

async function trained(format: Format) {
  const made = makeDataset(format, quick);
  const { job, metrics } = await finished(made);
  const folder = join(made.results, keys.student(job.run, 'weighted'));
  return { made, metrics, folder, card: readFileSync(join(folder, 'MODEL.md'), 'utf8') };
}

/** Returns the only block of a language. */
function block(card: string, language: string): string {
  const blocks = [...card.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]![1]!;
}

test('a card has the figures, the columns and the weaknesses of its student', async () => {
  const { card, metrics } = await trained('csv');
  const { accuracy, recall } = metrics.models.weighted!;
  expect(card).toContain(`| weighted | ${(100 * accuracy.value).toFixed(1)}% (`);
  expect(card).toContain(`| cultivar 2 | 4 | ${(100 * recall[2]!.value).toFixed(1)}% (`);
  expect(card).toContain('- `alcohol`: a number; mean 13.00, standard deviation 0.7661.');
  expect(card).toContain('FILES are folders and files with examples: `.parquet`, `.csv`,');
  expect(card).toContain('The class with the largest one is the answer.');
  expect(card).toContain('- `shade`: one of `medium`, `pale`, `deep`.');
  expect(card).toContain('- The student is not clearly more accurate than `uniform`:');
  expect(card).toContain('- Teacher: `mlp`, trained on the true labels.');
  expect(card).toContain(
    '| saved_model/saved_model.pb | saved-model, equal to the student on 40 examples |',
  );
  expect(card).toMatch(/\| model\.int8\.onnx \| onnx-int8, rounded: [\d.]+% right on 40 examples/);
  expect(card).toContain(
    'It needs `@tensorflow/tfjs` from npm, by a bundler or an import map. A web server has to serve the page and, in the same folder, `model.json`, `student.json`, `weights.bin`.',
  );
});

test('the card of a multi-label student has its main metric, and every student has a card', async () => {
  const made = makeWeather(quick);
  const { job } = await finished(made);
  for (const { name } of job.plan.variants) {
    const card = readFileSync(join(made.results, keys.card(job.run, name)), 'utf8');
    expect(card).toContain('This model predicts the labels of rows of a table.');
    expect(card).toContain('| model | Micro F1 |');
    expect(card).toContain('console.log(answer?.labels, answer?.probabilities);');
    expect(card).toContain('A label is predicted if its probability is above 1/2.');
  }
});

test('the program for Node predicts an image', async () => {
  const { card, folder, made } = await trained('images');
  const [name] = readdirSync(join(made.dataset, 'test/7'));
  const photo = readFileSync(join(made.dataset, 'test/7', name!));
  const program = block(card, 'ts').replaceAll(/^import .*\n/gm, '');
  const printed: unknown[] = [];
  const load = (path: string): Promise<LoadedStudent> => loadStudent(join(folder, path));
  const log = { log: (...values: unknown[]) => printed.push(...values) };
  const body = `return (async () => {${program}})()`;
  await new Function('loadStudent', 'readFile', 'console', body)(load, async () => photo, log);
  const student = await loadStudent(folder);
  const [expected] = await student.predict([photo]);
  student.dispose();
  expect(printed).toEqual([expected!.class, expected!.probabilities]);
});

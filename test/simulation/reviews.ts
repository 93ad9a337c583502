/** The dataset of the simulation: reviews, in a few files of a few lines. */
import { randomFor } from '../../src/data/random.ts';

const words = {
  good: ['great', 'lovely', 'tasty', 'superb'],
  bad: ['awful', 'boring', 'bland', 'dreadful'],
} as const;
const fillers = ['the', 'food', 'film', 'was', 'very', 'and', 'music', 'plot'];

/** A model of 64 n-grams that needs no TensorFlow and trains in milliseconds. */
const network =
  '{ architecture: ngrams, buckets: 64, dimension: 4, minChars: 0, maxChars: 0, epochs: 2, batchSize: 8 }';

const config = `
task: { type: text-classification, text: text, classes: [good, bad] }
data: { format: csv, id: id, label: label }
teacher: { train: ${network} }
folds: 2
student: ${network}
warmup: { epochs: 1 }
method: weighted
compare: []
limits: { quarantine: 0.5 }
`;

/** Rows per file. */
const sizes = { labeled: 8, validation: 8, test: 6, unlabeled: 6 };

/** Makes a file of a set. Every unlabeled file has a row that cannot be read. */
function csv(set: keyof typeof sizes, file: number): string {
  const random = randomFor(file, sizes[set]);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)]!;
  const rows = Array.from({ length: sizes[set] }, (_, index) => {
    const label = index % 2 === 0 ? 'good' : 'bad';
    const text = [pick(fillers), pick(words[label]), pick(fillers), pick(fillers)].join(' ');
    return `${set}-${file}-${index},${text},${set === 'unlabeled' ? '' : label}\n`;
  });
  if (set === 'unlabeled') rows.push(`${set}-${file}-broken,,\n`);
  return `id,text,label\n${rows.join('')}`;
}

/** Ids of the rows of a file, with those that cannot be read. */
export function unlabeledIds(batch: number): string[] {
  const ids = Array.from({ length: sizes.unlabeled }, (_, index) => `unlabeled-${batch}-${index}`);
  return [...ids, `unlabeled-${batch}-broken`];
}

/** Objects of the dataset without its batches, by key. */
export function baseObjects(): Map<string, string> {
  return new Map([
    ['distill.yaml', config],
    ['labeled/reviews.csv', csv('labeled', 0)],
    ['validation/reviews.csv', csv('validation', 1)],
    ['test/reviews.csv', csv('test', 2)],
  ]);
}

/** An unlabeled batch: the key of its file, and its text. */
export function batchObject(batch: number): [string, string] {
  return [`unlabeled/batch-${batch}/reviews.csv`, csv('unlabeled', batch)];
}

/** Runs the modules for browsers of model cards in Chromium. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunMetrics } from '../../src/evaluate/run-metrics.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import type { StudentExample } from '../../src/models/student-input.ts';
import { keys } from '../../src/run/keys.ts';
import { reportOfPage, type ServedFile } from './chromium.ts';
import type { Dataset } from './datasets.ts';
import { finished } from './staged-run.ts';

const nodeModules = join(import.meta.dirname, '../../node_modules');
const script = 'text/javascript';

/** A student with the module of its card. */
export interface TrainedStudent {
  readonly folder: string;
  readonly program: string;
  readonly metrics: RunMetrics['metrics'];
  readonly name: string;
}

/** Finishes a run. */
export async function trainedStudent(made: Dataset): Promise<TrainedStudent> {
  const { job, metrics } = await finished(made);
  const [{ name } = expect.fail()] = job.plan.variants;
  const folder = join(made.results, keys.student(job.run, name));
  const card = readFileSync(join(folder, 'MODEL.md'), 'utf8');
  return { folder, program: /^```js\n(.*?)^```/ms.exec(card)![1]!, metrics, name };
}

/** Lists the files of a folder that a page may read. */
function served(folder: string): [string, ServedFile][] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.(json|bin|onnx)$/.test(name))
    .map((name) => [`/${name}`, ['application/octet-stream', readFileSync(join(folder, name))]]);
}

/** A module that a page imports by the name of its package, with its path. */
type Imported = readonly [name: string, path: string, file: string];

/** @param packages Folder of `browserPackages`. */
function importable(packages: string | undefined): Imported[] {
  const tfjs = join(nodeModules, '@tensorflow/tfjs/dist/tf.fesm.min.js');
  const tokenizers = join(nodeModules, '@huggingface/tokenizers/dist/tokenizers.mjs');
  const found: Imported[] = [
    ['@tensorflow/tfjs', '/tf.js', tfjs],
    ['@huggingface/tokenizers', '/tokenizers.js', tokenizers],
  ];
  if (packages === undefined) return found;
  const onnx = join(packages, 'onnxruntime-web/dist/ort.wasm.bundle.min.mjs');
  return [...found, ['onnxruntime-web/wasm', '/ort/ort.mjs', onnx]];
}

interface BrowserOptions {
  /** JavaScript that makes the argument of a value. */
  readonly prepare?: string;
  /** Files that it reads. */
  readonly files?: readonly [string, ServedFile][];
  /** Folder of `browserPackages`, for students with an encoder. */
  readonly packages?: string | undefined;
}

/** Calls the `predict` of a module in Chromium, once per JSON value. */
export async function predictInBrowser(
  folder: string,
  program: string,
  values: readonly unknown[],
  { prepare = 'value', files = [], packages }: BrowserOptions = {},
): Promise<Record<string, number>[]> {
  const modules = importable(packages);
  const imports = Object.fromEntries(modules.map(([name, path]) => [name, path]));
  const page = `<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
import { predict } from '/predict.js';
const values = await (await fetch('/values')).json();
const answers = [];
for (const value of values) answers.push(await predict(${prepare}));
report(JSON.stringify(answers));
</script>`;
  const wasm = 'ort-wasm-simd-threaded.wasm';
  const text = await reportOfPage(
    page,
    new Map<string, ServedFile>([
      ...served(folder),
      ...files,
      ...modules.map(([, path, file]) => [path, [script, readFileSync(file)]] as const),
      ...(packages === undefined
        ? []
        : [
            [
              `/ort/${wasm}`,
              ['application/wasm', readFileSync(join(packages, 'onnxruntime-web/dist', wasm))],
            ] as const,
          ]),
      ['/predict.js', [script, program]],
      ['/values', ['application/json', JSON.stringify(values)]],
    ]),
  );
  if (text.startsWith('error: ')) throw new Error(text);
  return JSON.parse(text);
}

/** Calls a module that reads images with files of images. */
export function predictImages(
  { folder, program }: Pick<TrainedStudent, 'folder' | 'program'>,
  images: readonly Uint8Array[],
  options: BrowserOptions = {},
): Promise<Record<string, number>[]> {
  const files = images.map((bytes, index): [string, ServedFile] => [
    `/image${index}`,
    ['application/octet-stream', bytes],
  ]);
  const paths = files.map(([path]) => path);
  const prepare = 'await (await fetch(value)).blob()';
  return predictInBrowser(folder, program, paths, { prepare, files, ...options });
}

/** Expects the answers of `loadStudent`. */
export async function expectAlike(
  folder: string,
  found: readonly Record<string, number>[],
  examples: readonly StudentExample[],
  tolerance: number,
): Promise<void> {
  const student = await loadStudent(folder);
  const expected = await student.predict(examples);
  expect(found).toHaveLength(expected.length);
  for (const [index, { probabilities }] of expected.entries()) {
    for (const [c, name] of student.classes.entries()) {
      const difference = Math.abs(found[index]![name]! - probabilities[c]!);
      expect(difference, `${index}, ${name}`).toBeLessThan(tolerance);
    }
  }
  student.dispose();
}

/** Expects the accuracy of the report. @param labels True classes. */
export function expectAccuracy(
  found: readonly Record<string, number>[],
  labels: readonly string[],
  { metrics: { models, examples }, name }: Pick<TrainedStudent, 'metrics' | 'name'>,
): void {
  expect(found).toHaveLength(examples);
  const right = found.filter((answer, index) => {
    const best = Object.entries(answer).reduce((a, b) => (b[1] > a[1] ? b : a));
    return best[0] === labels[index];
  });
  expect(right.length / labels.length).toBeCloseTo(models[name]!.accuracy.value, 10);
}

/** Expects the answers of `loadStudent` and the report's accuracy on the images of the test set. */
export async function expectOnTestImages(
  { dataset }: Dataset,
  student: TrainedStudent,
  options: BrowserOptions = {},
) {
  const folder = join(dataset, 'test');
  const images = readdirSync(folder).flatMap((label) =>
    readdirSync(join(folder, label)).map((name) => ({
      label,
      photo: readFileSync(join(folder, label, name)),
    })),
  );
  const photos = images.map(({ photo }) => photo);
  const found = await predictImages(student, photos, options);
  await expectAlike(student.folder, found, photos, 1e-5);
  const labels = images.map(({ label }) => label);
  expectAccuracy(found, labels, student);
  return { photos, found };
}

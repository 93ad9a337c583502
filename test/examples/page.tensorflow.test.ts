/** The page of `examples/serve`, in a browser. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Features } from '../../src/data/features/index.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { chromium, reportOfPage, type ServedFile } from '../support/chromium.ts';
import { writeStudent } from '../support/network-students.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'examples/serve/index.html'), 'utf8');
const tfjs = readFileSync(join(root, 'node_modules/@tensorflow/tfjs/dist/tf.fesm.min.js'));

/** Chooses pictures as a user would, and reports what the page then shows. */
function choosing(count: number): string {
  return `<script type="module">
const until = async (isDone) => {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const [message, picture] = ['#message', '#picture'].map((id) => document.querySelector(id));
await until(() => message.textContent !== 'The student is loading.');
const shown = [message.textContent];
for (let i = 0; i < ${count}; i++) {
  const bytes = await (await fetch('/photo' + i)).arrayBuffer();
  const files = new DataTransfer();
  files.items.add(new File([bytes], 'photo' + i));
  picture.files = files.files;
  picture.dispatchEvent(new Event('change'));
  await until(() => message.textContent !== 'Predicting.');
  const rows = [...document.querySelectorAll('#answer tr')];
  shown.push([message.textContent, ...rows.map((row) => row.innerText)].join('|'));
}
report(JSON.stringify(shown));
</script>`;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'page-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens the page with a student, and returns its messages and answers. */
async function shownWith(photos: readonly Uint8Array[], names: readonly string[]) {
  const files = new Map<string, ServedFile>([
    ...names.map((name): [string, ServedFile] => [
      `/${name}`,
      name === 'tf.js'
        ? ['text/javascript', tfjs]
        : ['application/octet-stream', readFileSync(join(folder, name))],
    ]),
    ...photos.map((photo, i): [string, ServedFile] => [`/photo${i}`, ['image/png', photo]]),
  ]);
  const found: string[] = JSON.parse(await reportOfPage(page + choosing(photos.length), files));
  return found;
}

const files = ['tf.js', 'model.json', 'weights.bin', 'student.json'];
const features = {
  ...{ kind: 'image', height: 8, width: 8, channels: 3 },
  ...{ mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
} as const satisfies Features;

describe.skipIf(chromium === undefined)('the page', () => {
  test('answers as the student does, also for transparent pictures', async () => {
    await writeStudent(folder, features);
    const photos = await Promise.all(
      [3, 4].map((channels) => {
        const data = Uint8Array.from({ length: 64 * channels }, (_, i) => (i * 37) % 256);
        const size = { width: 8, height: 8, channels: channels as 3 | 4 };
        // A browser stores colours times opacity; only 0 and 255 keep them.
        for (let i = 3; channels === 4 && i < data.length; i += 8) data[i] = data[i + 4] = 0;
        for (let i = 3; channels === 4 && i < data.length; i += 8) data[i] = 255;
        return sharp(data, { raw: size }).png().toBuffer();
      }),
    );
    const [ready, ...answers] = await shownWith([...photos, Buffer.from('not a picture')], files);
    expect(ready).toBe('Choose a picture. It stays on this device.');
    const student = await loadStudent(folder);
    const expected = (await student.predict(photos)).map((one) => {
      const rows = student.classes
        .map((name, index) => ({ name, probability: one.probabilities[index]! }))
        .sort((a, b) => b.probability - a.probability)
        .map(({ name, probability }) => `${name}\t${(100 * probability).toFixed(1)}%`);
      return [`Class: ${one.class}`, ...rows].join('|');
    });
    student.dispose();
    expect(answers).toEqual([...expected, 'photo2 is not a picture that this browser can show.']);
  });

  test('names the labels of a multi-label student', async () => {
    await writeStudent(folder, features, { multiLabel: true });
    const photo = await sharp({
      create: { width: 8, height: 8, channels: 3, background: 'red' },
    })
      .png()
      .toBuffer();
    const student = await loadStudent(folder);
    const [expected] = await student.predict([photo]);
    student.dispose();
    const [, answer] = await shownWith([photo], files);
    expect(answer).toContain(`Labels: ${expected!.labels.join(', ') || 'none'}|`);
  });

  test.each([
    ['without TensorFlow.js', features, files.slice(1), 'Copy TensorFlow.js beside this page'],
    [
      'with a student of vectors',
      { kind: 'vector', length: 4 } as const,
      files,
      'This student cannot be used here',
    ],
  ])('shows what is wrong %s', async (_, reads, names, message) => {
    await writeStudent(folder, reads);
    const [shown] = await shownWith([], names);
    expect(shown).toContain(message);
  });
});

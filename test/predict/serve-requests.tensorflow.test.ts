import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Features } from '../../src/data/features/index.ts';
import { openService } from '../../src/predict/open-service.ts';
import { tf } from '../../src/tensorflow.ts';
import { writeStudent } from '../support/network-students.ts';
import { greyImage, smallRow } from '../support/students.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serve-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens a student, and returns a function that sends bodies to it. */
async function serve(features: Features) {
  await writeStudent(folder, features);
  const service = await openService(folder);
  const post = async (body: string | Uint8Array) => {
    const request = { method: 'POST', path: '/predict', body: [Buffer.from(body)] };
    const answer = await service.answer(request);
    return { status: answer.status, ...JSON.parse(answer.body) };
  };
  return { service, post };
}

test('reads an image from its bytes, and several in base64, and leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  const { service, post } = await serve(greyImage);
  const pixels = Uint8Array.from({ length: 64 }, (_, i) => i * 4);
  const png = await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
    .png()
    .toBuffer();
  const one = await post(png);
  expect(one).toMatchObject({ status: 200, predictions: [{ class: expect.any(String) }] });
  const base64 = png.toString('base64');
  const { predictions } = await post(` ${JSON.stringify([base64, base64])}`);
  expect(predictions).toHaveLength(2);
  expect(predictions[0].class).toEqual(one.predictions[0].class);
  expect(await post('no image')).toMatchObject({
    status: 400,
    error: expect.stringContaining('not a JPEG, PNG or WebP'),
  });
  expect(await post('[{ "pixels": [1, 2] }]')).toMatchObject({ status: 400 });
  expect(await post('')).toMatchObject({ status: 400, error: 'the body is empty' });
  service.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('reads rows, and refuses a row without a column', async () => {
  const { service, post } = await serve(smallRow);
  const rows = [
    { age: 30, kind: 'b' },
    { age: null, kind: 'a', other: 1 },
  ];
  expect(await post(JSON.stringify(rows))).toMatchObject({ status: 200 });
  expect(await post('[{ "age": 3, "kind": "a" }, { "Age": 3, "kind": "a" }]')).toEqual({
    status: 400,
    error: 'example 1 lacks 1 column: age',
    hint: "Perhaps rename 'Age' to 'age'. A value that is not known is null.",
  });
  expect(await post('[{ "age": true, "kind": "a" }]')).toMatchObject({ status: 400 });
  service.dispose();
});

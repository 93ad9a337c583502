import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadStudent } from '../../src/models/load-student.ts';
import { openService, type StudentService } from '../../src/predict/open-service.ts';
import { classes, writeTextStudent } from '../support/students.ts';

const folder = mkdtempSync(join(tmpdir(), 'serve-test-'));
let service: StudentService;
beforeAll(async () => {
  await writeTextStudent(join(folder, 'texts'));
  await writeTextStudent(join(folder, 'labels'), { multiLabel: true });
  service = await openService(join(folder, 'texts'));
});
afterAll(() => {
  service.dispose();
  rmSync(folder, { recursive: true });
});

async function post(...chunks: (string | Uint8Array)[]) {
  const body = chunks.map((chunk) => Buffer.from(chunk));
  const answer = await service.answer({ method: 'POST', path: '/predict', body });
  expect(answer.headers['content-type']).toMatch('application/json');
  return { status: answer.status, ...JSON.parse(answer.body) };
}

const texts = ['a fine day', 'ein "Tag"', 'žzz'];

test('predicts a list as loadStudent does, also if a chunk ends within a character', async () => {
  const body = Buffer.from(JSON.stringify(texts));
  const cut = body.indexOf('ž') + 1;
  const { status, predictions } = await post(body.subarray(0, cut), body.subarray(cut));
  const student = await loadStudent(join(folder, 'texts'));
  const expected = await student.predict(texts);
  expect(status).toBe(200);
  expect(predictions).toEqual(
    expected.map((one) => ({
      class: one.class,
      probabilities: Object.fromEntries(
        classes.map((name, index) => [name, Number(one.probabilities[index]!.toPrecision(7))]),
      ),
    })),
  );
  expect(new Set(predictions.map((one: object) => JSON.stringify(one))).size).toBe(3);
});

test('gives a list of labels in a multi-label task', async () => {
  const labels = await openService(join(folder, 'labels'));
  const body = [Buffer.from('["a fine day"]')];
  const answer = await labels.answer({ method: 'POST', path: '/predict?x=1', body });
  const [prediction] = JSON.parse(answer.body).predictions;
  expect(Object.keys(prediction)).toEqual(['labels', 'probabilities']);
  expect(prediction.labels).toEqual(classes.filter((name) => prediction.probabilities[name] > 0.5));
});

test('describes the student', async () => {
  const answer = await service.answer({ method: 'GET', path: '/', body: [] });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({
    ...{ classes, multiLabel: false, createdBy: 'a test' },
    examples: { kind: 'text', maxCharacters: 100 },
  });
});

test('an empty list has no predictions', async () => {
  expect(await post('[]')).toEqual({ status: 200, predictions: [] });
});

describe('refuses', () => {
  test.each([
    ['an empty body', '', 400, 'the body is empty'],
    ['no JSON', '["a"', 400, 'the body is not JSON: '],
    ['no list', '{"text": "a"}', 400, 'the body is not a JSON list'],
    [
      'another kind',
      '["a", 3]',
      400,
      "example 1 cannot be used: The student reads examples of the kind 'text'",
    ],
    [
      'several',
      '[[], "a", null, {}]',
      400,
      'this is not one. 2 other examples cannot be used either: 2, 3.',
    ],
    ['too many', JSON.stringify(Array(1001).fill('a')), 413, 'the request has 1,001 examples'],
  ])('%s', async (_, body, status, message) => {
    const answer = await post(body);
    expect(answer).toEqual({
      status,
      error: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  test('a body that is too large, before its end', async () => {
    let chunks = 0;
    const endless = (function* () {
      for (;;) {
        chunks++;
        yield Buffer.alloc(1024 ** 2, ' ');
      }
    })();
    const answer = await service.answer({ method: 'POST', path: '/predict', body: endless });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body).error).toBe('the body is larger than 10.0 MiB');
    expect(chunks).toBe(11);
  });

  test.each([
    ['GET', '/predict', 405, 'POST'],
    ['POST', '/', 405, 'GET'],
    ['GET', '/other', 404, undefined],
  ])('%s %s', async (method, path, status, allow) => {
    const answer = await service.answer({ method, path, body: [] });
    expect(answer.status).toBe(status);
    expect(answer.headers.allow).toBe(allow);
    expect(JSON.parse(answer.body).hint).toBe('Send GET / or POST /predict.');
  });
});

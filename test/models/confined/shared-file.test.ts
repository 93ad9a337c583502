/** Tensors that two processes pass through a file. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  closeShared,
  openShared,
  restore,
  store,
} from '../../../src/models/confined/shared-file.ts';

const large = { name: 'x', shape: [2, 2 ** 13], values: new Float32Array(2 ** 14).fill(0.5) };
const small = { name: 'y', shape: [1], values: Float32Array.of(7) };

test('large tensors go through the file, and are the same afterwards', () => {
  const fd = openShared();
  const sent = store(fd, [large, small, { ...large, name: 'z' }]);
  expect(sent.map((one) => 'values' in one)).toEqual([false, true, false]);
  expect(restore(fd, sent)).toEqual([large, small, { ...large, name: 'z' }]);
  const other = { ...large, values: new Float32Array(2 ** 14).fill(0.25) };
  expect(restore(fd, store(fd, [small, other]))).toEqual([small, other]);
  closeShared(fd);
});

test.runIf(existsSync('/dev/full'))('without room in the file, they are sent as they are', () => {
  const fd = openSync('/dev/full', 'r+');
  expect(store(fd, [large, small])).toEqual([large, small]);
  closeSync(fd);
});

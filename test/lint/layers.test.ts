import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { layers } from '../../lint/layers.mjs';

test('ARCHITECTURE.md lists the layers that the lint checks, the highest first', () => {
  const document = readFileSync('ARCHITECTURE.md', 'utf8');
  const [, block = ''] = /^## Layers$.*?^```\n(.*?)\n```$/ms.exec(document) ?? [];
  const listed = block.split('\n').map((line) => line.split(/ +/));
  expect(listed.toReversed()).toEqual(layers);
});

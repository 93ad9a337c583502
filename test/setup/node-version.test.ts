import { expect, test } from 'vitest';
import { nodeVersionCheck } from '../../setup/node-version.mjs';

test.each([
  ['18.20.4', false],
  ['20.18.9', false],
  ['20.19.0', true],
  ['21.0.0', true],
  ['24.1.0', true],
  ['26.10.0', true],
  ['27.0.0', false],
])('Node.js %s: %s, as in engines of package.json', (version, ok) => {
  expect(nodeVersionCheck(version).ok).toBe(ok);
});

test('names the right versions, and how to get one', () => {
  expect(nodeVersionCheck('18.20.4')).toEqual({
    name: 'Node.js',
    ok: false,
    detail: 'Counterweight does not run on 18.20.4 (>=20.19 <27)',
    fix: expect.stringContaining('nvm install 24'),
  });
});

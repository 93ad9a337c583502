import { describe, expect, test } from 'vitest';
import { checkImports } from '../../lint/imports.mjs';

const layers = [['low/'], ['high/'], ['high/top.ts']];

function check(files: Record<string, string>) {
  return checkImports(
    Object.entries(files).map(([file, text]) => ({ file, text })),
    layers,
  );
}

describe('imports', () => {
  test('that point down or stay in a layer are allowed', () => {
    const files = {
      'low/a.ts': "import { b } from './b.ts';",
      'low/b.ts': 'export const b = 1;',
      'high/c.ts': "import { b } from '../low/b.ts';\nexport * from '../low/a.ts';",
      'high/top.ts': "import './c.ts';\nimport { readFileSync } from 'node:fs';",
    };
    expect(check(files)).toEqual([]);
  });

  test('that point up are found with their line', () => {
    const files = {
      'low/a.ts': "// A comment.\nimport { c } from '../high/c.ts';",
      'high/c.ts': "export { top } from './top.ts';",
      'high/top.ts': 'export const top = 1;',
    };
    expect(check(files)).toEqual([
      expect.stringMatching(/^low\/a\.ts:2: imports high\/c\.ts, which is in a higher layer/),
      expect.stringMatching(/^high\/c\.ts:1: imports high\/top\.ts/),
    ]);
  });

  test('of types count too', () => {
    const files = { 'low/a.ts': "import type { C } from '../high/c.ts';", 'high/c.ts': '' };
    expect(check(files)).toHaveLength(1);
  });

  test('that a table makes with import() may point up', () => {
    const files = { 'low/a.ts': "const load = () => import('../high/c.ts');", 'high/c.ts': '' };
    expect(check(files)).toEqual([]);
  });

  test('that form a cycle are found once', () => {
    const files = {
      'low/a.ts': "import './b.ts';",
      'low/b.ts': "import './c.ts';",
      'low/c.ts': "import type { A } from './a.ts';",
    };
    expect(check(files)).toEqual(['import cycle: low/a.ts -> low/b.ts -> low/c.ts -> low/a.ts']);
  });

  test('of a file that belongs to no layer are reported', () => {
    expect(check({ 'elsewhere/a.ts': '' })).toEqual([
      'elsewhere/a.ts: no layer of lint/layers.mjs contains it',
    ]);
  });
});

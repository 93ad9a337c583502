import { expect, test } from 'vitest';
import { checkNames } from '../../lint/names.mjs';

test('two files that export one name are found', () => {
  const sources = [
    { file: 'a.ts', text: 'export const one = 1;\nexport function plan() {}' },
    { file: 'b.ts', text: 'export interface plan { two: 2 }' },
  ];
  expect(checkNames(sources)).toEqual(['a.ts:2, b.ts:1: more than one exported plan']);
});

test('a value with its type, a re-export, a default and a local name are not', () => {
  const sources = [
    { file: 'a.ts', text: 'export const Plan = 1;\nexport type Plan = number;\nconst local = 2;' },
    { file: 'b.ts', text: "export { Plan } from './a.ts';\nexport const local = 3;" },
    { file: 'c.ts', text: 'export default 1;' },
    { file: 'd.ts', text: 'export default 2;' },
  ];
  expect(checkNames(sources)).toEqual([]);
});

test('a name that a loader expects of each module may be exported by several', () => {
  const sources = ['a.ts', 'b.ts'].map((file) => ({ file, text: 'export const prepare = 1;' }));
  expect(checkNames(sources)).toEqual([]);
});

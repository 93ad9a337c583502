import { expect, test } from 'vitest';
import { namesOf, recordOf, tableOf } from '../src/table.ts';

const shapes = tableOf({ name: 'circle', corners: 0 }, { name: 'square', corners: 4 });

test('a table has its rows by name, in order', () => {
  expect(shapes.square.corners).toBe(4);
  expect(namesOf(shapes)).toEqual(['circle', 'square']);
});

test('two rows of one name are refused', () => {
  const rows = [
    { name: 'circle', corners: 0 },
    { name: 'circle', corners: 1 },
  ];
  expect(() => tableOf(...rows)).toThrow('two rows of a table share a name');
});

test('a record has one value per name', () => {
  expect(recordOf(['train', 'test'], (name) => name.length)).toEqual({ train: 5, test: 4 });
});

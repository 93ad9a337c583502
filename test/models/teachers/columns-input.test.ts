import { describe, expect, test } from 'vitest';
import { rawReader } from '../../../src/data/features/raw-columns.ts';
import { UserError } from '../../../src/errors.ts';
import { columnsInput } from '../../../src/models/teachers/columns-input.ts';
import type { InputTensor } from '../../../src/models/teachers/loaded-model.ts';
import { runBatch } from '../../../src/models/teachers/run-batch.ts';

const n = undefined;
const float = (name: string, width: number | undefined) => ({
  name,
  dtype: 'float32',
  shape: [n, width],
});
const text = (name: string, width: number | undefined) => ({
  name,
  dtype: 'string',
  shape: [n, width],
});
const none = { ids: [], rows: { n: 0, values: new Float32Array(0) } };

describe('the input of a model of columns', () => {
  test('one input per column, by name, in any order', () => {
    const input = columnsInput([float('age', 1), text('town', 1)], ['town', 'age'], 'the model');
    expect(input.columns).toEqual([
      { name: 'town', type: 'text' },
      { name: 'age', type: 'number' },
    ]);
    const rows = [
      ['Bern', 1],
      ['', Number.NaN],
    ];
    expect(input.feeds({ ...none, cells: rows }, 0, 2)).toEqual([
      { name: 'age', shape: [2, 1], values: Float32Array.of(1, Number.NaN) },
      { name: 'town', shape: [2, 1], values: ['Bern', ''] },
    ]);
  });

  test('one tensor of all columns, in the order of teacher.columns', () => {
    for (const width of [2, undefined]) {
      const input = columnsInput([float('x', width)], ['b', 'a'], 'the model');
      expect(input.feeds({ ...none, cells: [[1, 2]] }, 0, 2)).toEqual([
        { name: 'x', shape: [2, 2], values: Float32Array.of(1, 2, 0, 0) },
      ]);
    }
  });

  test('groups of columns', () => {
    const ports = [float('numbers', 2), text('texts', undefined)];
    const input = columnsInput(ports, ['a', 'b', 'c', 'd'], 'the model');
    expect(input.feeds({ ...none, cells: [[1, 2, 'x', 'y']] }, 0, 1)).toEqual([
      { name: 'numbers', shape: [1, 2], values: Float32Array.of(1, 2) },
      { name: 'texts', shape: [1, 2], values: ['x', 'y'] },
    ]);
  });

  test('integers and doubles have the type of the input', () => {
    const ports = ['int64', 'int32', 'float64'].map((dtype) => ({
      name: dtype,
      dtype,
      shape: [n],
    }));
    const input = columnsInput(ports, ['int64', 'int32', 'float64'], 'the model');
    expect(input.feeds({ ...none, cells: [[1, 2, 0.1]] }, 0, 1)).toEqual([
      { name: 'int64', shape: [1], values: BigInt64Array.of(1n) },
      { name: 'int32', shape: [1], values: Int32Array.of(2) },
      { name: 'float64', shape: [1], values: Float64Array.of(0.1) },
    ]);
  });

  test('an integer that does not fit 32 bits is a failure of its example, not another number', async () => {
    const input = columnsInput([{ name: 'x', dtype: 'int32', shape: [n] }], ['x'], 'the model');
    const model = {
      ...{ inputs: [], outputs: [], dispose: () => {} },
      async run([feed]: readonly InputTensor[]) {
        return [{ shape: feed!.shape, values: Float32Array.from(feed!.values, Number) }];
      },
    };
    const outputs = [{ name: 'y', size: 1 }];
    const inputs = { ...none, ids: ['a', 'b', 'c'], cells: [[7], [2 ** 32 + 7], [-(2 ** 31)]] };
    const { values, failures } = await runBatch({ model, input, outputs }, inputs);
    expect(values).toEqual([Float32Array.of(7, Number.NaN, -(2 ** 31))]);
    expect([...failures]).toEqual([
      [1, '4294967303 does not fit the 32 bits in which the model is given integers'],
    ]);
  });

  test('a model that was stopped fails as a whole: no row is blamed', async () => {
    const input = columnsInput([float('x', 1)], ['a'], 'the model');
    const stopped = new UserError('the model was stopped');
    const run = () => Promise.reject(stopped);
    const model = { inputs: [], outputs: [], dispose: () => {}, run };
    const outputs = [{ name: 'y', size: 1 }];
    const inputs = { ...none, ids: ['a', 'b'], cells: [[7], [8]] };
    await expect(runBatch({ model, input, outputs }, inputs)).rejects.toBe(stopped);
  });

  test.each([
    [[float('x', 3)], ['a', 'b']],
    [[float('x', 1)], ['a', 'b']],
    [
      [float('a', 1), float('b', 1)],
      ['a', 'c'],
    ],
    [
      [float('a', 1), float('b', 1)],
      ['a', 'b', 'c'],
    ],
    [
      [float('x', undefined), text('y', undefined)],
      ['a', 'b'],
    ],
  ])('does not fit: %j, %j', (ports, columns) => {
    expect(() => columnsInput(ports, columns, 'the model')).toThrow(
      `and teacher.columns has ${columns.length}: ${columns.join(', ')}`,
    );
  });

  test('names a type or a shape that is not of columns', () => {
    const images = [{ name: 'x', dtype: 'float32', shape: [n, 3, 8, 8] }];
    expect(() => columnsInput(images, ['a'], 'the model')).toThrow('which is not a table');
    const bools = [{ name: 'x', dtype: 'bool', shape: [n, 1] }];
    expect(() => columnsInput(bools, ['a'], 'the model')).toThrow('reads bool');
  });
});

describe('columns as they are written', () => {
  const read = rawReader(
    [
      { name: 'age', type: 'number' },
      { name: 'town', type: 'text' },
      { name: 'rooms', type: 'integer' },
    ],
    ['?', 'NA', '-999'],
  );
  const row = (columns: Record<string, string | number | null>) =>
    read({ id: 'r', label: undefined, content: { kind: 'row', columns } });

  test('texts keep their spaces and the texts that mean "missing"', () => {
    expect(row({ age: ' 3.5 ', town: ' ?', rooms: '2' })).toEqual([3.5, ' ?', 2]);
    expect(row({ age: 'NA', town: 'NA', rooms: 2 })).toEqual([Number.NaN, 'NA', 2]);
    expect(row({ age: 'NULL', town: 'nan', rooms: 2 })).toEqual([Number.NaN, 'nan', 2]);
    expect(row({ age: null, town: null, rooms: 2 })).toEqual([Number.NaN, '', 2]);
    expect(row({ age: -999, town: '-999', rooms: 2 })).toEqual([Number.NaN, '-999', 2]);
    expect(row({ age: 'True', town: 'True', rooms: 'false' })).toEqual([1, 'True', 0]);
  });
  test.each([
    [{ age: 'old', town: 'x', rooms: 2 }, "Its column 'age' is 'old'; the teacher reads a number."],
    [{ age: '0x1F', town: 'x', rooms: 2 }, "Its column 'age' is '0x1F'; the teacher reads a num"],
    [{ age: 1, town: 'x', rooms: '2.5' }, "Its column 'rooms' is '2.5'; the teacher reads an int"],
    [{ age: 1, town: 'x', rooms: '?' }, "Its column 'rooms' is '?'; the teacher reads an integer."],
    [{ age: 1, rooms: 2 }, "It has no column 'town' (teacher.columns)."],
  ])('%j is rejected', (columns, reason) => {
    expect(row(columns)).toMatchObject({ id: 'r', reason: expect.stringContaining(reason) });
  });
});

import { expect, test } from 'vitest';
import { classLookup, readClasses, unknownLabel } from '../../src/data/classes.ts';
import type { Task } from '../../src/data/features/index.ts';
import { MemoryStore } from '../support/memory-store.ts';

function taskWith(classes: Task['classes']): Task {
  return { type: 'vector-classification', classes, length: 1 };
}

test('classes come from the config, a list or an object', async () => {
  const store = new MemoryStore({
    'list.json': '["cat", "dog", 3]',
    'object.json': '{"dog": 1, "cat": 0, "3": 2}',
  });
  expect(await readClasses(store, taskWith(['cat', 'dog', 3]))).toEqual(['cat', 'dog', '3']);
  expect(await readClasses(store, taskWith('list.json'))).toEqual(['cat', 'dog', '3']);
  expect(await readClasses(store, taskWith('object.json'))).toEqual(['cat', 'dog', '3']);
});

test.each([
  ['["cat"', /'c.json' \(task.classes\) is not JSON/],
  ['["cat"]', /has no class names/],
  ['{"cat": 0, "dog": 2}', /does not number its classes/],
  ['{"cat": 0, "dog": 0}', /does not number its classes/],
  ['["cat", "dog", "cat"]', /has the class 'cat' twice/],
])('%s is refused', async (json, message) => {
  await expect(
    readClasses(new MemoryStore({ 'c.json': json }), taskWith('c.json')),
  ).rejects.toThrow(message);
});

test('a label is a name first, then an index', () => {
  const classOf = classLookup(['cat', '0', 'dog']);
  const labels = ['cat', '0', 'dog', '1', '2', '2.0', '3', '-1', '1.5', 'Cat', '', undefined];
  expect(labels.map(classOf)).toEqual([...[0, 1, 2, 1, 2, 2], ...Array(6).fill(undefined)]);
});

test('an unknown label is named with its example, its set and the classes', () => {
  const error = unknownLabel({ id: 'a.tar/7', label: 'cow' }, 'labeled', ['cat', 'dog']);
  expect(error.message).toBe(
    "The example 'a.tar/7' of the labeled set has the label 'cow', which is not a class. The 2 classes: cat, dog.",
  );
  expect(unknownLabel({ id: 'x', label: undefined }, 'test', ['a', 'b']).message).toContain(
    'has no label',
  );
});

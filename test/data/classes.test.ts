import { expect, test } from 'vitest';
import { classLookup, readClasses } from '../../src/data/classes.ts';
import type { Task } from '../../src/data/features/index.ts';
import { maxClasses } from '../../src/data/features/kind.ts';
import { MemoryStore } from '../support/memory-store.ts';

function taskWith(classes: Task['classes']): Task {
  return { type: 'vector-classification', classes, length: 1 };
}

test('classes come from the config, a list or an object', async () => {
  const store = new MemoryStore({
    'list.json': '["cat", "dog", 3]',
    'object.json': '{"dog": 1, "cat": 0, "3": 2}',
    'marked.json': '\uFEFF["cat", "dog", 3]',
  });
  expect(await readClasses(store, taskWith(['cat', 'dog', 3]))).toEqual(['cat', 'dog', '3']);
  expect(await readClasses(store, taskWith('list.json'))).toEqual(['cat', 'dog', '3']);
  expect(await readClasses(store, taskWith('object.json'))).toEqual(['cat', 'dog', '3']);
  expect(await readClasses(store, taskWith('marked.json'))).toEqual(['cat', 'dog', '3']);
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

test.each([
  ['a list', Array.from({ length: maxClasses + 1 }, (_, index) => `c${index}`)],
  ['a list of other values', Array(1_000_000).fill([])],
  ['an object', Object.fromEntries(Array.from({ length: maxClasses + 1 }, (_, i) => [`c${i}`, i]))],
])('%s of more classes than a task may have is refused', async (_, classes) => {
  const store = new MemoryStore({ 'c.json': JSON.stringify(classes) });
  await expect(readClasses(store, taskWith('c.json'))).rejects.toThrow(
    `'c.json' (task.classes) has ${Object.keys(classes).length} classes; at most 100000 are possible.`,
  );
});

test('a file of class names is not read beyond its maximum', async () => {
  const store = new MemoryStore({ 'c.json': Buffer.alloc(40 * 2 ** 20, ' ') });
  await expect(readClasses(store, taskWith('c.json'))).rejects.toThrow('has more than 16 MiB');
  expect(store.bytesRead.get('c.json')).toBeLessThan(17 * 2 ** 20);
});

const decomposed = 'cafe\u0301';

test('names are normalized, and two spellings of one number are refused', async () => {
  const classes = [decomposed, ' tea ', '007', '7'];
  expect(await readClasses(new MemoryStore(), taskWith(classes))).toEqual([
    ...['caf\u00e9', 'tea', '007', '7'],
  ]);
  const equal = readClasses(new MemoryStore(), taskWith(['2', 'x', 2.0, '2.0']));
  await expect(equal).rejects.toThrow("has the class '2' twice");
  const spelled = readClasses(new MemoryStore(), taskWith(['2', 'x', '2.0']));
  await expect(spelled).rejects.toThrow("has the classes '2' and '2.0', which are the same number");
});

test.each([
  ['a name, in any form of Unicode', ['caf\u00e9', 'tea'], decomposed, 0],
  ['a name with spaces around it', ['cat', 'dog'], ' dog\t', 1],
  ['an index, if no class is a number', ['cat', 'dog'], '1', 1],
  ['an index as pandas writes it', ['cat', 'dog'], '1.0', 1],
  ['no index beyond the classes', ['cat', 'dog'], '2', undefined],
  ['no index if the classes are numbers', ['3', '5', '8'], '0', undefined],
  ['no index if some class is a number', ['cat', '7'], '1', undefined],
  ['a number in another spelling', ['3', '5', '8'], '5.0', 1],
  ['a number with zeros in front', ['1', '2'], '02', 1],
  ['a number for a class with zeros in front', ['01', '02'], '2', 1],
  ['the class with as many zeros', ['7', '007'], '007', 1],
  ['none, if it could be either of two', ['7', '007'], '7.0', undefined],
  ['a negative number', ['-1', '1'], '-1.0', 0],
  ['none for a fraction', ['1', '2'], '1.5', undefined],
  ['none in another case', ['cat', 'dog'], 'Cat', undefined],
  ['none without a label', ['cat', 'dog'], undefined, undefined],
])('a label is %s', (_, classes, label, index) => {
  expect(classLookup(classes)(label)).toBe(index);
});

/** The text of model cards: names of the user's, and wide tables. */
import { expect, test } from 'vitest';
import type { CardFacts } from '../../src/evaluate/card/facts.ts';
import { inlineCode, plain, table } from '../../src/evaluate/card/markdown.ts';
import { rowUsage } from '../../src/evaluate/card/usage-row.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

test.each([
  ['a|b\nc', 'a\\|b c'],
  ['<img src=x> &lt; & [a](b)', '\\<img src=x> \\&lt; & \\[a\\](b)'],
  ['`code` *b* ~s~ \\', '\\`code\\` \\*b\\* \\~s\\~ \\\\'],
  ['saved_model/größe_m.pb _b_', 'saved_model/größe_m.pb \\_b\\_'],
])('%j is shown as it is', (name, expected) => {
  expect(plain(name)).toBe(expected);
  expect(table(['class'], [[name]])).toContain(`\n| ${expected} |`);
});

test.each([
  ['petal length', '`petal length`'],
  ['a `b` ``c``', '``` a `b` ``c`` ```'],
  ['`', '`` ` ``'],
  ['', '`  `'],
  ['a\nb', '`a b`'],
])('%j as code within a line', (name, expected) => {
  expect(inlineCode(name)).toBe(expected);
});

test('the columns of a wide table are in files, and its card stays short', () => {
  const columnsOf = (n: number) =>
    Array.from({ length: n }, (_, index) => ({
      ...({ kind: 'numeric', name: `column ${index}`, mean: 1, std: 1 } as const),
    }));
  const run = sampleMetrics();
  const { usage, wide } = Object.fromEntries(
    Object.entries({ usage: 50, wide: 5000 }).map(([name, n]) => [
      name,
      // The usage of a table reads no other fact.
      rowUsage({ kind: 'row', columns: columnsOf(n), missing: [] }, {
        run,
        student: 'weighted',
      } as CardFacts),
    ]),
  );
  expect(usage!.example).toContain('"column 49":1');
  expect(wide!.example).toBe("JSON.parse(await readFile('row.json', 'utf8'))");
  expect(wide!.input.join('\n')).toContain('`student.json` has the other 4,950 columns.');
  expect(JSON.stringify(wide).length).toBeLessThan(10_000);
});

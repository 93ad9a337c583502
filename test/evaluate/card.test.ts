/** The text of model cards: names of the user's, and wide tables. */
import { expect, test } from 'vitest';
import type { CardFacts } from '../../src/evaluate/card/facts.ts';
import { inlineCode, plain, table } from '../../src/evaluate/card/markdown.ts';
import { usageSections } from '../../src/evaluate/card/usage.ts';
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

/** Renders the programs of a student with an encoder. @param leftOut Why there is no ONNX file. */
function sectionsOf(kind: 'image' | 'text', more: object, leftOut?: string): string {
  const image = { kind: 'image', height: 8, width: 9, channels: 3, mean: [0], std: [1] };
  const read = kind === 'image' ? image : { kind: 'text', maxCharacters: 90 };
  const encoder = { source: 'encoder', maxLength: 16, files: [], features: image };
  const record = { format: 'onnx', ...(leftOut !== undefined && { leftOut }) };
  return usageSections({
    run: { students: [{ variant: 'a', exports: [record] }] },
    student: 'a',
    description: { classes: ['b', 'c'], features: { kind: 'vector', length: 4 }, examples: read },
    encoder,
    ...more,
    // Programs read no other facts.
  } as unknown as CardFacts).join('\n\n');
}

const plainTokens = { lowers: false, spacesChinese: false, hasTable: false };

test('a card states why it has no program', () => {
  const left = sectionsOf('image', {}, 'its encoder is a savedModel, not ONNX');
  const reason = 'because the student has no `model.onnx`: its encoder is a savedModel, not ONNX.';
  expect(left).toContain(`There is no program for Python, ${reason}`);
  expect(left).toContain(`There is no program for browsers, ${reason} Use the one for Node.`);
  const table = sectionsOf('text', { normalizer: { ...plainTokens, hasTable: true } });
  expect(table).toContain('There is no program for browsers, because its tokenizer has a table');
  expect(table).toContain("tokenizer = Tokenizer.from_file('encoder/tokenizer.json')");
});

test('the module of a student with an encoder names the files that it fetches', () => {
  const text = sectionsOf('text', { normalizer: plainTokens });
  expect(text).toContain('It needs `@huggingface/tokenizers`, `onnxruntime-web` from npm');
  expect(text).toContain('`encoder/tokenizer.json`');
  expect(text).toContain('`model.onnx`, `student.json`');
  expect(text).toContain('`ort-wasm-simd-threaded.wasm`');
});

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/read.ts';
import { addLabels } from '../../src/data/add-labels.ts';
import { readClasses } from '../../src/data/classes.ts';
import { cutShards } from '../../src/data/cut.ts';
import { type Example, isRejected } from '../../src/data/example.ts';
import { formats as formatRows } from '../../src/data/formats/index.ts';
import { parquetOf } from '../../src/data/formats/parquet-write.ts';
import { readExamples } from '../../src/data/read.ts';
import type { SetName } from '../../src/data/shard.ts';
import { readBytes } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { type Format, formats, makeDataset } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { readerConfig } from '../support/reader-config.ts';

async function openDataset(format: Format) {
  const data = await openStore(makeDataset(format).dataset);
  const config = await readConfig(data);
  const classes = await readClasses(data, config.task);
  const examples = async (set: SetName) => {
    const found: Example[] = [];
    for await (const shard of cutShards(data, set, `${set}/`, config)) {
      for await (const item of readExamples(data, shard, config)) {
        if (isRejected(item)) throw new Error(item.reason);
        found.push(item);
      }
    }
    return found;
  };
  const add = (text: string) => addLabels(data, config, { name: 'answers.csv', text });
  return { data, config, classes, examples, add };
}

/** Returns the content of an example without its id and label, which may be columns of it. */
function contentOf({ content }: Example, target: string) {
  if (content.kind !== 'row') return content;
  const { id: _, [target]: label, ...columns } = content.columns;
  return columns;
}

const names = Object.keys(formats) as Format[];

describe.each(names)('answers for a dataset of %s', (format) => {
  test('are added to labeled/, with unchanged examples', async () => {
    const { classes, examples, add } = await openDataset(format);
    const target = parse(formats[format].task).target ?? 'label';
    const before = await examples('labeled');
    const [first, , third] = await examples('unlabeled');
    const rows = [`"${first!.id}",${classes[2]}`, `"${third!.id}",${classes[0]}`];
    const answers = `id,label,note\n${rows[0]},sure\n${rows[1]},\n"not looked at",,\n`;
    const { labels, unanswered, files } = await add(answers);
    expect({ labels, unanswered }).toEqual({ labels: 2, unanswered: 1 });
    expect(files).toHaveLength(format === 'images' ? 2 : 1);

    const after = await examples('labeled');
    expect(after).toHaveLength(before.length + 2);
    for (const [example, label] of [
      [first!, classes[2]!],
      [third!, classes[0]!],
    ] as const) {
      const twins = after.filter(
        (one) =>
          one.label === label &&
          JSON.stringify(contentOf(one, target)) === JSON.stringify(contentOf(example, target)),
      );
      expect(twins).toHaveLength(1);
    }
    const again = { labels: 0, known: 2, unanswered: 1, files: [] };
    expect(await add(answers)).toEqual(again);
    const more = (await examples('unlabeled'))[4]!;
    const overlapping = await add(`${answers}"${more.id}",${classes[1]},\n`);
    expect(overlapping).toMatchObject({ labels: 1, known: 2 });
    expect(await examples('labeled')).toHaveLength(before.length + 3);
    await expect(add(answers.replace(rows[0]!, `"${first!.id}",${classes[1]}`))).rejects.toThrow(
      `answers.csv: '${first!.id}' has another label than in labeled/`,
    );
    expect(await examples('labeled')).toHaveLength(before.length + 3);
  });
});

describe('answers', () => {
  async function added(
    files: Record<string, string>,
    text: string,
    delimiter?: string,
    task: Record<string, unknown> = { classes: ['no', 'yes'] },
  ) {
    const data = new MemoryStore(files);
    const format = { format: 'csv' as const, ...(delimiter && { delimiter }) };
    const config = readerConfig('row', format, task);
    const { files: written } = await addLabels(data, config, { name: 'answers.csv', text });
    return readBytes(data, written[0]!).then(String);
  }

  test('are written as labeled/ has labels: by name or by index', async () => {
    const unlabeled = { 'unlabeled/a.csv': 'x,label\n1,\n2,\n' };
    const answers = 'id,label\na.csv:1,yes\n';
    const names = { 'labeled/a.csv': 'x,label\n1,no\n', ...unlabeled };
    expect(await added(names, answers)).toBe('x,label\n2,yes\n');
    const indices = { 'labeled/a.csv': 'x,label\n1,-1\n1,0\n', ...unlabeled };
    expect(await added(indices, answers)).toBe('x,label\n2,1\n');
  });

  test.each([
    ['red;blue', 'blue;red', '1,[]\n2,red;blue\n'],
    ['["red"]'.replaceAll('"', '""'), 'red ;blue;red', '1,[]\n2,"[""red"",""blue""]"\n'],
    ['0;2', '"[""blue"",""red""]"', '1,[]\n2,0;2\n'],
    ['[2]', 'red;blue', '1,[]\n2,"[0,2]"\n'],
  ])('of several classes are written like %s', async (label, answer, rows) => {
    const files = {
      'labeled/a.csv': `x,label\n1,[]\n1,"${label}"\n`,
      'unlabeled/a.csv': 'x,label\n1,\n2,\n',
    };
    const task = { classes: ['red', 'green', 'blue'], multiLabel: true };
    const answers = `id,label\na.csv:0,[]\na.csv:1,${answer}\n`;
    expect(await added(files, answers, undefined, task)).toBe(`x,label\n${rows}`);
    const again = `${answers}a.csv:1,blue\n`;
    await expect(added(files, again, undefined, task)).rejects.toThrow('has another label above');
    await expect(added(files, 'id,label\na.csv:1,red|blue\n', ',', task)).rejects.toMatchObject({
      message: "answers.csv, row 1: 'red|blue' is not a list of classes",
      hint: 'The classes: red, green, blue. Write a;b, or [] for none.',
    });
  });

  describe('of Label Studio', () => {
    const task = (id: string, ...annotations: readonly (readonly string[] | 'skipped')[]) => ({
      id: 7,
      data: { id, columns: 'x: 1' },
      annotations: annotations.map((choices) => ({
        was_cancelled: choices === 'skipped',
        result: [
          { type: 'textarea', from_name: 'note', value: { text: ['unsure'] } },
          ...(choices === 'skipped' || choices.length === 0
            ? []
            : [{ type: 'choices', from_name: 'label', value: { choices } }]),
        ],
      })),
    });
    const files = {
      'labeled/a.csv': 'x,label\n9,no\n',
      'unlabeled/a.csv': 'x,label\n1,\n2,\n3,\n',
    };

    test('are choices; cancelled annotations and tasks without a choice have no label', async () => {
      const tasks = [
        task('a.csv:0', ['yes'], 'skipped', ['yes']),
        task('a.csv:1', 'skipped'),
        task('a.csv:2', []),
      ];
      expect(await added(files, `\uFEFF${JSON.stringify(tasks)}`)).toBe('x,label\n1,yes\n');
    });

    test('are lists in a multi-label task; no choice is none of the classes', async () => {
      const config = { classes: ['a;b', 'c'], multiLabel: true };
      const many = { ...files, 'labeled/a.csv': 'x,label\n9,c\n' };
      const tasks = [task('a.csv:0', ['a;b']), task('a.csv:1', []), task('a.csv:2', 'skipped')];
      const text = await added(many, JSON.stringify(tasks), undefined, config);
      expect(text).toBe('x,label\n1,"[""a;b""]"\n2,[]\n');
    });

    test.each([
      [[task('a.csv:0', ['yes'], ['no'])], "task 1: 'a.csv:0' has another label above"],
      [[task('a.csv:0', ['yes', 'no'])], `task 1: '["yes","no"]' is not a class`],
      [[{ id: 1, label: 'yes' }], 'task 1: data: '],
      [{ tasks: [] }, 'is not a list of tasks'],
      [[], 'has no label'],
    ])('%j is refused', async (tasks, message) => {
      await expect(added(files, JSON.stringify(tasks))).rejects.toThrow(`${message}`);
    });
  });

  test('for a class with a slash are refused if classes are folders', async () => {
    const write = (label: string, more: Record<string, unknown>) =>
      formatRows.texts
        .load()
        .then((format) =>
          format.write(
            [{ id: 'a', label, content: { kind: 'text', text: 'a b' } }],
            'x',
            readerConfig('text', { format: 'texts' }, more),
          ),
        );
    await expect(write('no/yes', {})).rejects.toThrow("the label 'no/yes' cannot be the name of");
    await expect(write('["no/yes"]', { multiLabel: true })).rejects.toThrow('has a slash');
  });

  test('are written with the delimiter of the config', async () => {
    const files = {
      'labeled/a.csv': 'x;c;label\n1;a;no\n',
      'unlabeled/a.csv': 'x;c\n1,5;"a;b"\n',
    };
    expect(await added(files, 'id,label\na.csv:0,yes\n', ';')).toBe('x;c;label\n"1,5";"a;b";yes\n');
  });

  test('a Parquet column of integers may have some that are too large for a number', () => {
    const examples = [5, '1152921504606846976', null].map((x, row) => ({
      ...{ id: String(row), label: 'yes' },
      content: { kind: 'row' as const, columns: { x } },
    }));
    const bytes = parquetOf(examples, readerConfig('row', { format: 'parquet' }));
    expect(Buffer.from(bytes).includes('1152921504606846976')).toBe(true);
  });

  test("may have ids and classes with a ' of their own, written by hand", async () => {
    const files = {
      'labeled/a.csv': 'id,x,label\n9,0,no\n',
      'unlabeled/a.csv': "id,x\n'-foo',1\n-bar,2\n'=a,3\n=a,4\n",
    };
    const task = { classes: ['no', "'-x'"] };
    const byHand = "id,label\n'-foo','-x'\n'-bar,no\n'=a,no\n";
    expect(await added(files, byHand, undefined, task)).toBe(
      "id,x,label\n'-foo',1,'-x'\n-bar,2,no\n=a,4,no\n",
    );
    const twice = "id,label\n'-foo',no\n''-foo','-x'\n";
    await expect(added(files, twice, undefined, task)).rejects.toThrow(
      "answers.csv: two rows label the example ''-foo'', one of them with another ' before its id",
    );
  });

  test('for an id that two examples share are refused', async () => {
    const files = {
      'labeled/a.csv': 'id,x,label\n9,1,no\n',
      'unlabeled/a/a.csv': 'id,x\n1,1\n',
      'unlabeled/b/a.csv': 'id,x\n1,2\n',
    };
    await expect(added(files, 'id,label\n1,yes\n')).rejects.toThrow(
      "answers.csv: two examples of unlabeled/ have the id '1', so its label could be of either",
    );
  });
});

describe('answers that cannot be used', () => {
  test.each([
    ['id;label\n1;2\n', 'row 1: expected the columns id and label', 'id,label'],
    ['id,label\n', 'has no label', 'id,label'],
    ['id,label\nwine.csv:1,\n', 'has no label', 'id,label'],
    ['id,label\nfirst/wine.csv:1,claret\n', "'claret' is not a class", 'cultivar 0'],
    ['id,label\nnowhere.csv:1,cultivar 0\n', "no example 'nowhere.csv:1'", 'label-next.csv'],
    [
      'id,label\nfirst/wine.csv:1,cultivar 0\nfirst/wine.csv:1,cultivar 1\n',
      'row 2',
      'Keep one of them',
    ],
    ['id,label\n"a,b\n', 'is not a CSV file', 'CSV'],
    [
      'annotation_id,annotator,columns,id,label\n3,1,alcohol: 1,1,cultivar 0\n',
      'is a CSV file of Label Studio',
      'as JSON',
    ],
  ])('%j: the error names the problem, and nothing is written', async (csv, message, hint) => {
    const { data, add } = await openDataset('csv');
    const keys = async () => (await collect(data.list('labeled/'))).map(({ key }) => key);
    const before = await keys();
    await expect(add(csv)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(await keys()).toEqual(before);
  });
});

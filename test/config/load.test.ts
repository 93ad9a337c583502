import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { readConfig } from '../../src/config/read.ts';
import { UserError } from '../../src/errors.ts';
import { MemoryStore } from '../support/memory-store.ts';

/** The lines of the error that a text gives. */
function problems(text: string): string {
  try {
    parseConfig(text, 'distill.yaml');
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('expected an error');
}

const minimal = `task: { type: tabular-classification, classes: [no, yes] }
data: { format: csv }
teacher: { train: { architecture: mlp } }
student: { architecture: mlp }
`;

describe('parseConfig', () => {
  test('fills in the defaults', () => {
    const config = parseConfig(minimal, 'distill.yaml');
    expect(config.method).toBe('relabel');
    expect(config.compare).toEqual(['uniform']);
    expect(config.task).toMatchObject({ target: 'label' });
    expect(config.student).toMatchObject({ epochs: 30, learningRate: 0.001 });
    expect(config.limits.quarantine).toBe(0.01);
  });

  test('a multi-label task that names no method learns with weighted', () => {
    const multiLabel = minimal.replace('task: {', 'task: { multiLabel: true,');
    expect(multiLabel).not.toBe(minimal);
    expect(parseConfig(multiLabel, 'distill.yaml').method).toBe('weighted');
    expect(parseConfig(minimal, 'distill.yaml').method).toBe('relabel');
    const chosen = `${multiLabel}method: uniform\n`;
    expect(parseConfig(chosen, 'distill.yaml').method).toBe('uniform');
  });

  test('a single teacher goes with methods that judge no students', () => {
    expect(() => parseConfig(`${minimal}folds: 1\n`, 'distill.yaml')).toThrow(/folds: expected 2/);
    const weighted = parseConfig(`${minimal}folds: 1\nmethod: weighted\n`, 'distill.yaml');
    expect(weighted.folds).toBe(1);
  });

  test('networks for images are refused where there are none', () => {
    const text = minimal.replaceAll('architecture: mlp', 'architecture: resnet');
    expect(problems(text)).toMatchInlineSnapshot(`
      "distill.yaml has 2 problems:
        line 3: teacher.train.architecture: expected mlp or layers-model: resnet is only for image-classification, found "resnet".
        line 4: student.architecture: expected mlp or layers-model: resnet is only for image-classification, found "resnet"."
    `);
    const images = 'task: { type: image-classification, classes: [no, yes], size: [8, 8] }';
    const { student } = parseConfig(text.replace(/^task.*/, images), 'distill.yaml');
    expect(student.architecture).toBe('resnet');
  });

  test('networks for photos need 64 to 512 pixels, and colours if they start from weights', () => {
    const found = (size: string, network: string, channels = 3) =>
      problems(
        minimal
          .replace(
            /^task.*/,
            `task: { type: image-classification, classes: [no, yes], size: ${size}, channels: ${channels} }`,
          )
          .replace(/^student.*/m, `student: { architecture: ${network} }`),
      );
    expect(found('[64, 48]', 'resnet18')).toMatch(
      /line 1: task.size: expected 64 to 512 pixels for resnet18/,
    );
    expect(found('[64, 513]', 'mobilenetv2')).toMatch(/64 to 512/);
    expect(found('[64, 64]', 'resnet50, weights: a.safetensors', 1)).toMatch(
      /task.channels: expected 3, because the weights are for colours for resnet50/,
    );
    expect(found('[64, 64]', 'resnet50, weights: a.pth')).toMatch(
      /expected random, or a .safetens/,
    );
  });

  test('several teachers are a list, each different and fit for the task', () => {
    const teachers = (list: string) =>
      minimal.replace(/^teacher.*/m, `teacher: { train: ${list} }`);
    const { teacher } = parseConfig(
      teachers('[{ architecture: mlp }, { architecture: mlp, depth: 3 }]'),
      'distill.yaml',
    );
    expect(teacher.train).toMatchObject([{ width: 128 }, { depth: 3 }]);
    const mistakes = problems(
      teachers('[{ architecture: mlp, widht: 3 }, { architecture: resnet }, { depth: 2 }]'),
    );
    expect(mistakes).toMatch(/teacher.train\[0\].widht: .* Did you mean "width"\?/);
    expect(mistakes).toMatch(/teacher.train\[2\].*missing: .*architecture: mlp, /);
    expect(
      problems(teachers('[{ architecture: mlp }, { architecture: mlp, width: 128 }]')),
    ).toContain('teacher.train[1]: expected different teachers: this one is in the list already');
    expect(problems(teachers('[]'))).toMatch(/teacher.train: expected a list of at least 1, /);
  });

  test('preprocess belongs to a model in files, and has its own mean and std', () => {
    const images = 'task: { type: image-classification, classes: [no, yes], size: [8, 8] }';
    const text = (teacher: string) =>
      minimal.replace(/^task.*/, images).replace(/^teacher.*/m, `teacher: ${teacher}`);
    expect(problems(text('{ train: { architecture: mlp }, preprocess: imagenet }'))).toMatch(
      /line 3: teacher.preprocess: expected task.preprocess: a teacher that is trained/,
    );
    expect(problems(text('{ predictions: a, preprocess: clip }'))).toMatch(
      /teacher.preprocess: expected a teacher that is a model in files/,
    );
    expect(problems(text('{ onnx: a, mean: [0, 0, 0], preprocess: clip }'))).toMatch(
      /teacher.mean: expected in teacher.preprocess, which has its own mean/,
    );
    expect(problems(text('{ onnx: a, preprocess: imagnet }'))).toMatch(/preprocess: .*imagenet/);
    const full =
      '{ onnx: a, preprocess: { preset: imagenet, resize: { filter: bicubic }, scale: 0..255 } }';
    expect(parseConfig(text(full), 'distill.yaml').teacher.preprocess).toMatchObject({
      scale: '0..255',
    });
  });

  test.each([
    ['{ train: { architecture: mlp }, size: [4, 4] }', 'size: expected no size: it is for a user'],
    ['{ train: { architecture: mlp }, mean: [0.5, 0.5, 0.5] }', 'mean: expected no mean'],
    ['{ train: { architecture: mlp }, std: [0.5, 0.5, 0.5] }', 'std: expected no std'],
    ['{ train: { architecture: mlp }, layout: NCHW }', 'layout: expected no layout'],
    ['{ train: { architecture: mlp }, columns: [a] }', 'columns: expected no columns'],
    ['{ train: { architecture: mlp }, output: logits }', 'output: expected no output'],
    ['{ train: { architecture: mlp }, outputName: y }', 'outputName: expected no outputName'],
    ['{ train: { architecture: mlp }, embeddingName: y }', 'embeddingName: expected no'],
    ['{ predictions: a, size: [4, 4] }', 'size: expected no size: it is for a model in files, and'],
    ['{ predictions: a, columns: [a] }', 'columns: expected no columns'],
    ['{ predictions: a, outputName: y }', 'outputName: expected no outputName'],
    [
      '{ predictions: a, loss: mse }',
      'loss: expected no loss: it is for a teacher that is trained',
    ],
    ['{ onnx: a, loss: mse }', 'loss: expected no loss'],
  ])('a teacher refuses a field that its kind does not read: %s', (teacher, message) => {
    const text = minimal.replace(/^teacher.*/m, `teacher: ${teacher}`);
    expect(problems(text)).toContain(`teacher.${message}`);
  });

  test('a teacher has the fields that its kind reads', () => {
    for (const teacher of [
      '{ predictions: a, output: logits }',
      '{ train: { architecture: mlp }, loss: mse }',
      '{ onnx: a, size: [4, 4], layout: NCHW, output: sigmoid, outputName: y }',
    ]) {
      const text = minimal.replace(/^teacher.*/m, `teacher: ${teacher}`);
      expect(() => parseConfig(text, 'distill.yaml'), teacher).not.toThrow();
    }
  });

  test('reads shares in percent', () => {
    const config = parseConfig(`${minimal}limits: { quarantine: 2.5% }\n`, 'distill.yaml');
    expect(config.limits.quarantine).toBe(0.025);
  });

  test('lists every problem with its line, in the order of the file', () => {
    const text = `# A comment.
task: { type: image-clasification, classes: 5 }
data:
  format: webdatase
  lable: x
  shardMiB: 0
teacher: { train: { architecture: resnet, depth: 21 }, onnx: a }
student:
  architecture: convnet
  epoch: 3
  epochs: thirty
compare: [uniform, { method: weightd }, wieghted]
limits: { quarantine: 2, budgetUsd: true }
weights: { bounds: [1, 0.5], reading: [d] }
zzzzzz: 1
`;
    expect(problems(text)).toMatchInlineSnapshot(`
      "distill.yaml has 15 problems:
        line 2: task.type: expected image-classification, tabular-classification, vector-classification or text-classification, found "image-clasification". Did you mean image-classification?
        line 4: data.format: expected webdataset, parquet, csv, jsonl, images or texts, found "webdatase". Did you mean webdataset?
        line 5: data.lable: there is no such field. Did you mean "label"?
        line 6: data.shardMiB: expected a number above 0, found 0.
        line 7: teacher.train.depth: expected 6n + 2: 8, 14, 20, 32 …, found 21.
        line 7: teacher: expected exactly one of train, onnx, savedModel, layersModel, graphModel, predictions, found train, onnx.
        line 10: student.epoch: there is no such field. Did you mean "epochs"?
        line 11: student.epochs: expected a whole number from 1 to 10000, found "thirty".
        line 12: compare[1].method: expected weighted, correctness, entropy, fidelity, slam, lelp, relabel, auto or uniform, found "weightd". Did you mean weighted?
        line 12: compare[2]: expected weighted, correctness, entropy, fidelity, slam, lelp, relabel, auto or uniform, found "wieghted". Did you mean weighted?
        line 13: limits.budgetUsd: expected a number above 0, found true.
        line 13: limits.quarantine: expected a number from 0 to 1, found 2.
        line 14: weights.reading: expected ratioOfMeans or meanOfRatios, found ["d"].
        line 14: weights.bounds: expected the lower bound first, found [1,0.5].
        line 15: zzzzzz: there is no such field. Known here: task, data, teacher, folds, validation, student, method, labels, weights, slam, lelp, relabel, warmup, compare, trainer, seed, limits, publish, report."
    `);
  });

  test.each([
    ['B', 'meanOfRatios'],
    ['D', 'ratioOfMeans'],
  ])('suggests the present name of the former reading %s', (former, present) => {
    expect(problems(`weights: { reading: ${former} }\n`)).toContain(
      `weights.reading: expected ratioOfMeans or meanOfRatios, found "${former}". Did you mean ${present}?`,
    );
  });

  test('describes a missing field', () => {
    const text = 'task: { type: image-classification, size: [32] }\nlimits: { quarantine: x }\n';
    expect(problems(text)).toMatchInlineSnapshot(`
      "distill.yaml has 6 problems:
        line 1: task.classes: missing: expected text or a list of at least 2, each text or a number. The class names, or the JSON file that lists them; a class is an index in the list.
        line 1: task.size: expected a list of 2, each a whole number from 1 to 4096, found [32].
        line 1: data: missing: expected a section with format.
        line 1: teacher: missing: expected a section with fields such as train, loss or mcmi.
        line 1: student: missing: expected a section with architecture, a section with architecture, topology or a section with encoder, head.
        line 2: limits.quarantine: expected a share such as 1% or 0.01, found "x"."
    `);
  });

  test.each([
    ['unbalanced', 'task: [a\ndata: b'],
    ['a tab', 'task:\n\ttype: x'],
    ['a key twice', 'seed: 1\nseed: 2'],
  ])('points at the place of a syntax error: %s', (_, text) => {
    expect(problems(text)).toMatch(/^distill\.yaml, line \d+, column \d+: this is not YAML\. ./);
  });

  test.each([
    ['nothing', '# only a comment\n', 'distill.yaml is empty.'],
    ['a list', '- a', 'distill.yaml should hold fields such as "task:" and "data:".'],
    ['an alias of nothing', 'task: *x', 'distill.yaml: Unresolved alias'],
  ])('refuses %s', (_, text, message) => {
    expect(problems(text)).toContain(message);
  });

  test.each([
    ['lists', `? [a]\n: b\n`],
    ['maps', `{ a: b }: c\n`],
    ['aliases', `*x : c\n`],
    ['maps in maps', `${'? '.repeat(50)}a`],
  ])('refuses %s as names of fields', (_, text) => {
    expect(problems(`seed: &x 1\n${text}`)).toBe(
      'distill.yaml, line 2: the name of a field is a list, a map or an alias; expected a text.',
    );
  });

  test.each(['[', '{a: ', '- ', '? '])('refuses %s nested too deeply', (open) => {
    const config = (levels: number) => `task:\n  ${open.repeat(levels)}`;
    // At some depths, the library ends the process: no depth may reach it.
    for (const levels of [120, 1000, 2500, 5000, 20_000]) {
      expect(problems(config(levels))).toBe(
        'distill.yaml is nested too deeply: this is not a config.',
      );
    }
    expect(problems(config(50))).not.toContain('nested too deeply');
  });

  test('refuses aliases that unfold without end', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}]`,
    );
    expect(problems(`l0: &l0 [a]\n${levels.join('\n')}\n`)).toContain('Excessive alias count');
  });
});

test('a config of a stranger that is too long is refused before it is parsed', () => {
  expect(() => parseConfig(`a: ${'x'.repeat(100_000)}`, 'distill.yaml')).toThrow(
    'distill.yaml has 100,003 characters, and a config may have 100,000 characters.',
  );
});

test('a config that is too long is refused before it is read', async () => {
  const store = new MemoryStore({ 'distill.yaml': 'x'.repeat(400_001) });
  await expect(readConfig(store)).rejects.toThrow(
    'memory/distill.yaml has 400,001 bytes, and a config may have 100,000 characters.',
  );
  expect(store.bytesRead.size).toBe(0);
  const long = `# ${'ä'.repeat(90_000)}\n${minimal}`;
  await expect(readConfig(new MemoryStore({ 'distill.yaml': long }))).resolves.toBeDefined();
});

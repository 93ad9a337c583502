import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { UserError } from '../../src/errors.ts';
import { inspect } from '../../src/init/inspect.ts';
import { writeConfig } from '../../src/init/write-config.ts';
import { FolderStore } from '../../src/store/folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterweight-inspect-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function put(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

function image(width: number, height: number, channels: 1 | 3 = 3): Promise<Buffer> {
  const plain = sharp({ create: { width, height, channels: 3, background: '#345678' } });
  return (channels === 1 ? plain.toColourspace('b-w') : plain).png().toBuffer();
}

function parquet(columns: Parameters<typeof parquetWriteBuffer>[0]['columnData']): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: columns }));
}

/** Inspects the folder and checks that what would be written is what was found. */
async function found() {
  const { config, notes } = await inspect(new FolderStore(folder));
  const written = writeConfig(config);
  const parsed = parseConfig(written, 'distill.yaml');
  expect(parsed).toMatchObject(config);
  return { config, notes: notes.join('\n'), written };
}

async function refusal(): Promise<UserError> {
  const error = await inspect(new FolderStore(folder)).catch((error: unknown) => error);
  if (!(error instanceof UserError)) throw error;
  return error;
}

describe('inspect', () => {
  test('images in folders: the classes are the folders, the size is the middle one', async () => {
    await put({
      'labeled/dog/1.png': await image(40, 30),
      'labeled/cat/1.png': await image(20, 20),
      'labeled/cat/2.png': await image(500, 500),
      'labeled/cat/broken.png': 'no image',
      'labeled/.DS_Store': 'no data',
      'unlabeled/monday/1.png': await image(9, 9),
      'test/cat/1.png': await image(9, 9),
    });
    const { config, notes, written } = await found();
    expect(config.task).toEqual({
      type: 'image-classification',
      classes: ['cat', 'dog'],
      size: [30, 40],
      channels: 3,
    });
    expect(notes).toContain('4 labeled examples of 2 classes.');
    expect(notes).not.toMatch(/unlabeled\/ has no|no test/);
    expect(written).toMatchInlineSnapshot(`
      "# Configuration of counterweight. Paths are relative to this folder. Other fields have defaults;
      # schema/distill.schema.json of the package describes every field.

      task:
        type: image-classification
        # The class names, or the JSON file that lists them; a class is an index in the list.
        classes: [cat, dog]
        # Height and width in pixels that the student reads; images are resized to it.
        size: [30, 40]
        # 1 for grey, 3 for colour.
        channels: 3

      data:
        # webdataset: tar archives (KEY.jpg or KEY.txt, and KEY.cls); parquet: Parquet files; csv: CSV files with a header; jsonl: JSON Lines files, also gzip; images: image files, one folder per class; texts: text files, one folder per class.
        format: images

      teacher:
        # Train a teacher on the labeled set. A list trains several, and labels that they did not learn decide how they are mixed (docs/methods.md).
        train:
          # Convolutions, each followed by pooling.
          architecture: convnet
          # Filters of the first convolution; doubled at each next one.
          width: 64
          # Convolutions.
          depth: 3

      student:
        # Convolutions, each followed by pooling.
        architecture: convnet
        # Filters of the first convolution; doubled at each next one.
        width: 32
        # Convolutions.
        depth: 2
        # Default: 30; for a teacher with few labels, as many as make 400 steps.
        epochs: 30

      # Correction for the mistakes of the teacher (docs/methods.md). uniform: none. Default with multiLabel: weighted.
      method: relabel

      # soft: learn from the probabilities of the teacher. hard: from its most likely class.
      labels: hard

      # Other students to train, for comparison in the report.
      compare: [uniform]
      "
    `);
  });

  test('large images are scaled down, and grey ones stay grey', async () => {
    await put({
      'labeled/a/1.png': await image(960, 480, 1),
      'labeled/b/1.png': await image(960, 480, 1),
    });
    const { config, notes } = await found();
    expect(config.task).toMatchObject({ size: [48, 96], channels: 1 });
    expect(notes).toContain('unlabeled/ has no images files yet');
    expect(notes).toContain('the figures will be measured on the validation set');
  });

  test('WebDataset with numbered classes: numbers that no example has are classes too', async () => {
    const tar = pack();
    for (const [i, label] of ['0', '10', '2', '3', '5', '7'].entries()) {
      tar.entry({ name: `${i}.png` }, await image(8, 8));
      tar.entry({ name: `${i}.cls` }, label);
    }
    tar.finalize();
    await put({ 'labeled/0.tar': await buffer(tar), 'classes.txt': '' });
    const { config } = await found();
    expect(config.data).toEqual({ format: 'webdataset' });
    expect(config.task.classes).toEqual('0 1 2 3 4 5 6 7 8 9 10'.split(' '));
  });

  test.each([
    [
      'all images first',
      ['0.png', '1.png', '0.cls', '1.cls'],
      /0\.cls is not side by side with 0\.png.*--sort=name/,
    ],
    [
      'labels in .txt',
      ['0.png', '0.txt'],
      /0\.txt is beside 0\.png, but labels are read from 0\.cls/,
    ],
    ['a dot in names', ['0.input.png', '0.output.cls'], /found input\.png, output\.cls/],
  ])('WebDataset with %s: the reason is stated', async (_, names, reason) => {
    const tar = pack();
    for (const name of names) {
      tar.entry({ name }, name.endsWith('png') ? await image(8, 8) : 'cat');
    }
    tar.finalize();
    await put({ 'labeled/0.tar': await buffer(tar) });
    const { message } = await refusal();
    expect(message).toContain('The labeled set has no labels.');
    expect(message).toMatch(reason);
  });

  test('classes.json has the names', async () => {
    await put({
      'classes.json': '["no","yes"]',
      'labeled/a.csv': 'x,label\n1,0\n2,1\n',
    });
    const { config } = await found();
    expect(config.task.classes).toBe('classes.json');
  });

  test('CSV: the column of the class by its name, else the last', async () => {
    await put({ 'labeled/a.csv': '\ufeffid,Class,size\n1,"a, b",2.5\n2,c,3\n' });
    const named = await found();
    expect(named.config.task).toMatchObject({ target: 'Class', classes: ['a, b', 'c'] });
    await put({ 'labeled/a.csv': 'size,income\n1,<=50K\n2,>50K\n' });
    const last = await found();
    expect(last.config.task).toMatchObject({ target: 'income', classes: ['<=50K', '>50K'] });
    expect(last.config.student.architecture).toBe('mlp');
    expect(last.notes).toContain('in the column income, chosen because it is the last');
  });

  test('CSV: folders such as label=cat are columns, as Spark writes them', async () => {
    await put({
      'labeled/label=cat/part-0.csv': 'x\n1\n2\n',
      'labeled/label=a%20dog/part-0.csv': 'x\n3\n4\n',
      'labeled/_temporary/0/part-0.csv': 'y\n3\n',
    });
    const { config, notes } = await found();
    expect(config.task).toMatchObject({ target: 'label', classes: ['a dog', 'cat'] });
    expect(notes).toContain('4 labeled examples of 2 classes.');
  });

  test('Parquet with vectors, with images, and with neither', async () => {
    const label = { name: 'kind', data: ['a', 'b'], type: 'STRING' as const };
    await put({
      'labeled/a.parquet': parquet([
        {
          name: 'embedding',
          data: [new Float32Array([1, 2, 3]), new Float32Array([4, 5, 6])].map((v) =>
            Array.from(v),
          ),
        },
        label,
      ]),
    });
    const vectors = await found();
    expect(vectors.config.task).toMatchObject({ type: 'vector-classification', length: 3 });
    expect(vectors.config.data).toMatchObject({ vector: 'embedding', label: 'kind' });

    const data = [await image(7, 5), await image(7, 5)].map((bytes) => new Uint8Array(bytes));
    await put({ 'labeled/a.parquet': parquet([{ name: 'png', data, type: 'BYTE_ARRAY' }, label]) });
    const images = await found();
    expect(images.config.task).toMatchObject({ type: 'image-classification', size: [5, 7] });
    expect(images.config.data).toMatchObject({ image: 'png', label: 'kind' });

    const size = { name: 'size', data: [1.5, 2.5], type: 'DOUBLE' as const };
    await put({ 'labeled/a.parquet': parquet([size, label]) });
    const rows = await found();
    expect(rows.config.task).toMatchObject({ type: 'tabular-classification', target: 'kind' });
  });

  test.each([
    ['teacher/model.onnx', '', { onnx: 'teacher/model.onnx' }],
    ['teacher/big/saved_model.pb', '', { savedModel: 'teacher/big' }],
    ['teacher/model.json', '{"format":"graph-model"}', { graphModel: 'teacher/model.json' }],
    ['teacher/model.json', '{"format":"layers-model"}', { layersModel: 'teacher/model.json' }],
    ['teacher/predictions/0.parquet', '', { predictions: 'teacher/predictions' }],
  ])('the teacher %s %s', async (key, content, teacher) => {
    await put({ [key]: content, 'labeled/a.csv': 'x,label\n1,a\n2,b\n' });
    const columns = 'predictions' in teacher ? {} : { columns: ['x'] };
    expect((await found()).config.teacher).toEqual({ ...teacher, ...columns });
  });

  test.each([
    ['teacher/model.keras', 'is a Keras file, which counterweight cannot read', '.export('],
    ['teacher/best.pt', 'is a PyTorch file', 'torch.onnx.export'],
  ])('%s is refused, with the way to export it', async (key, message, hint) => {
    await put({ [key]: 'x', 'labeled/a.csv': 'x,label\n1,a\n2,b\n' });
    expect(await refusal()).toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    // A model that can be read is taken instead.
    await put({ 'teacher/model.onnx': '' });
    expect((await found()).config.teacher).toMatchObject({ onnx: 'teacher/model.onnx' });
  });

  test('of several models, the others are named', async () => {
    const models = {
      'teacher/encoder.onnx': '',
      'teacher/model.onnx': '',
      'teacher/notes.txt': 'x',
    };
    await put({ ...models, 'labeled/a.csv': 'x,label\n1,a\n2,b\n' });
    expect((await found()).notes).toContain(
      'The teacher is teacher/encoder.onnx. Correct the section teacher if it is another model: teacher/model.onnx.',
    );
  });

  test('a teacher whose only output is logits', async () => {
    const classifier = await readFile(
      join(import.meta.dirname, '../fixtures/encoders/text-classifier/model.onnx'),
    );
    const data = { 'labeled/a/1.png': await image(8, 8), 'labeled/b/1.png': await image(8, 8) };
    await put({ ...data, 'teacher/onnx/model.onnx': classifier });
    const { teacher } = (await found()).config;
    expect(teacher).toEqual({ onnx: 'teacher/onnx/model.onnx', output: 'logits' });
  });

  test('a teacher/ without a model is named', async () => {
    await put({ 'teacher/README.md': 'x', 'labeled/a.csv': 'x,label\n1,a\n2,b\n' });
    expect((await found()).notes).toContain('teacher/ has no model, only files such as');
  });

  test('folders that are numbers, with a teacher: the other order is named', async () => {
    const folders = Array.from({ length: 12 }, (_, index) => String(index));
    for (const name of folders) await put({ [`labeled/${name}/a.png`]: await image(2, 2) });
    expect((await found()).notes).not.toContain('ImageFolder');
    await put({ 'teacher/model.onnx': '' });
    const { config, notes } = await found();
    expect(config.task.classes).toEqual(folders);
    expect(notes).toContain(
      'ImageFolder and Keras sort folders as texts: 0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9.',
    );
  });

  test('the size is that of the upright image', async () => {
    const portrait = sharp(await image(64, 48)).withMetadata({ orientation: 6 });
    const bytes = await portrait.jpeg().toBuffer();
    await put({ 'labeled/a/1.jpg': bytes, 'labeled/b/1.jpg': bytes });
    expect((await found()).config.task).toMatchObject({ size: [64, 48] });
  });

  test('preprocessing beside the teacher, or inside it', async () => {
    const data = { 'labeled/a/1.png': await image(8, 8), 'labeled/b/1.png': await image(8, 8) };
    await put({ ...data, 'teacher/model.onnx': 'model/dense/MatMul' });
    const plain = await found();
    expect(plain.config.teacher).toEqual({ onnx: 'teacher/model.onnx' });
    expect(plain.notes).toContain('set teacher.preprocess: imagenet, imagenet-timm,');
    await put({ 'teacher/model.onnx': 'model/rescaling/mul' });
    const rescaling = await found();
    expect(rescaling.config.teacher).toMatchObject({ preprocess: { scale: '0..255' } });
    expect(rescaling.notes).toContain('a layer that rescales pixels, so it is fed 0 to 255');
    const vit = { resample: 3, size: { height: 9, width: 8 }, do_normalize: false };
    await put({ 'teacher/preprocessor_config.json': JSON.stringify(vit) });
    const stored = await found();
    expect(stored.config.teacher).toMatchObject({
      preprocess: { resize: { fit: 'stretch', size: [9, 8], filter: 'bicubic' }, scale: '0..1' },
    });
    expect(stored.notes).toContain('is taken from teacher/preprocessor_config.json');
    await put({ 'teacher/preprocessor_config.json': '{}' });
    expect((await found()).notes).toContain('cannot be used: size is missing');
  });

  test('another layout is reported with the found and the expected files', async () => {
    await put({ 'photos/1.jpg': '', 'photos/2.jpg': '', 'readme.txt': '' });
    const { message, hint } = await refusal();
    expect(message).toContain('It has: photos/, readme.txt.');
    expect(hint).toContain('labeled/      examples with their labels');
  });

  test('a missing folder is reported', async () => {
    rmSync(folder, { recursive: true });
    expect((await refusal()).message).toContain('It is empty or does not exist.');
    await put({});
    await mkdir(folder, { recursive: true });
  });

  test('labels of one class, or of too many, are refused', async () => {
    await put({ 'labeled/a.csv': 'x,label\n1,a\n2,a\n' });
    expect((await refusal()).message).toContain('have the same label, "a"');
    const rows = Array.from({ length: 2_100 }, (_, i) => `1,${i / 7}`);
    await put({ 'labeled/a.csv': `x,price\n${rows.join('\n')}\n` });
    expect((await refusal()).message).toContain('"price" does not look like a class');
  });
});

import { expect, test } from 'vitest';
import { type ConfigInput, configSchema } from '../../src/config/schema.ts';

const images = {
  task: { type: 'image-classification', classes: ['a', 'b'], size: [8, 8] },
  data: { format: 'images' },
  teacher: { train: { architecture: 'mlp' } },
  student: { architecture: 'mlp' },
  method: 'uniform',
} satisfies ConfigInput;
const rows: ConfigInput = {
  ...images,
  task: { type: 'tabular-classification', classes: ['a', 'b'], target: 'y' },
  data: { format: 'csv' },
};
const texts: ConfigInput = {
  ...images,
  task: { type: 'text-classification', classes: ['a', 'b'], text: 'review' },
  data: { format: 'csv' },
};
const grey: ConfigInput = { ...images, task: { ...images.task, channels: 1 } };

const every = {
  ...{ flip: true, crop: 2, resizedCrop: {}, randAugment: {}, erasing: {} },
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
};
const augmented = (augment: ConfigInput['student']['augment']) => ({
  student: { architecture: 'mlp', augment } as const,
});
const head = { encoder: 'models/encoder', head: 'linear' } as const;
const encoded = (fields: object) => ({
  student: { encoder: { path: 'models/encoder', ...fields }, head: 'linear' } as const,
});
const smoothed = { ...head, labelSmoothing: 0.1 };
const mixedTeacher = { architecture: 'mlp', mixup: 0.2 } as const;

test.each<[string, ConfigInput, Partial<ConfigInput>, string | undefined]>([
  ['images', images, augmented(every), undefined],
  ['rows shifted', rows, augmented({ flip: true, crop: 2 }), undefined],
  ['rows erased', rows, augmented({ erasing: {} }), 'student.augment.erasing'],
  [
    'rows of a teacher',
    rows,
    { teacher: { train: { architecture: 'mlp', augment: { randAugment: {} } } } },
    'teacher.train.augment.randAugment',
  ],
  ['grey images', grey, augmented({ ...every, colorJitter: { contrast: 0.4 } }), undefined],
  ['grey hues', grey, augmented({ colorJitter: { hue: 0.1 } }), 'student.augment.colorJitter.hue'],
  ['images shifted away', images, augmented({ crop: 8 }), 'student.augment.crop'],
  ['texts of an encoder in pixels', texts, encoded({ size: [8, 8] }), 'student.encoder.size'],
  [
    'texts of an encoder as images',
    texts,
    encoded({ preprocess: 'clip' }),
    'student.encoder.preprocess',
  ],
  [
    'images of an encoder in tokens',
    images,
    encoded({ maxLength: 8 }),
    'student.encoder.maxLength',
  ],
  ['texts of an encoder in tokens', texts, encoded({ maxLength: 8 }), undefined],
  ['images of an encoder', images, encoded({ size: [8, 8], preprocess: 'clip' }), undefined],
  [
    'images of a teacher in tokens',
    images,
    { teacher: { train: encoded({ maxLength: 8 }).student } },
    'teacher.train.encoder.maxLength',
  ],
  ['texts erased', texts, augmented({ erasing: {} }), 'student.augment.erasing'],
  ['mixed texts', texts, { student: { architecture: 'mlp', mixup: 0.2 } }, 'student.mixup'],
  ['a mixed teacher', images, { teacher: { train: mixedTeacher } }, undefined],
  [
    'a mixed teacher of one class per example',
    images,
    { teacher: { train: mixedTeacher, loss: 'mcmi' } },
    'teacher.train.mixup',
  ],
  [
    'one mixed teacher of several',
    images,
    { teacher: { train: [{ architecture: 'mlp' }, mixedTeacher], loss: 'mcmi' } },
    'teacher.train.1.mixup',
  ],
  [
    'one augmented teacher of several',
    rows,
    {
      teacher: {
        train: [{ architecture: 'mlp' }, { architecture: 'mlp', augment: { erasing: {} } }],
      },
    },
    'teacher.train.1.augment.erasing',
  ],
  ['mixed embeddings of texts', texts, { student: { ...head, mixup: 0.2 } }, undefined],
  [
    'a smoothed head',
    images,
    { teacher: { train: [head, smoothed] } },
    'teacher.train.1.labelSmoothing',
  ],
  ['a smoothed head by steps', images, { teacher: { train: smoothed, loss: 'mse' } }, undefined],
  [
    'an augmented head',
    images,
    { student: { ...head, augment: { flip: true } } },
    'student.augment',
  ],
  [
    'a range upside down',
    images,
    augmented({ resizedCrop: { scale: [0.5, 0.1] } }),
    'student.augment.resizedCrop.scale',
  ],
  [
    'more than the image',
    images,
    augmented({ erasing: { scale: [0.5, 2] } }),
    'student.augment.erasing.scale',
  ],
])('%s', (_, base, changes, field) => {
  const { error } = configSchema.safeParse({ ...base, ...changes });
  const fields = (error?.issues ?? []).map(({ path }) => path.join('.'));
  // An mlp reads no texts, which is another rule.
  const found = fields.filter((name) => !name.endsWith('.architecture'));
  expect(found).toEqual(field ? [field] : []);
});

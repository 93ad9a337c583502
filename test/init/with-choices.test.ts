import { expect, test } from 'vitest';
import { type ConfigInput, configSchema } from '../../src/config/schema.ts';
import { canHaveEncoder, withChoices } from '../../src/init/with-choices.ts';

const photos: ConfigInput = {
  task: { type: 'image-classification', classes: ['cat', 'dog'], size: [32, 32], channels: 3 },
  data: { format: 'images' },
  teacher: { train: { architecture: 'convnet' } },
  student: { architecture: 'convnet' },
  method: 'relabel',
};
const head = { encoder: 'hf:owner/name', head: 'linear' };

test('an encoder is that of the student, and of a teacher that is trained', () => {
  const chosen = withChoices(photos, { encoder: 'hf:owner/name', method: 'weighted' });
  expect(chosen).toEqual({
    ...photos,
    ...{ teacher: { train: head }, student: head, method: 'weighted' },
  });
  expect(configSchema.safeParse(chosen).success).toBe(true);
  const supplied = { ...photos, teacher: { onnx: 'teacher/model.onnx' } };
  expect(withChoices(supplied, { encoder: 'hf:owner/name' })).toEqual({
    ...supplied,
    student: head,
  });
  expect(withChoices(photos, {})).toEqual(photos);
});

test('a method that needs soft labels gets them', () => {
  const chosen = withChoices({ ...photos, labels: 'hard' }, { method: 'slam' });
  expect(chosen).toMatchObject({ method: 'slam', labels: 'soft' });
  expect(configSchema.safeParse(chosen).success).toBe(true);
});

test('images and texts can have an encoder', () => {
  const grey = { ...photos.task, channels: 1 } as ConfigInput['task'];
  const texts: ConfigInput['task'] = { type: 'text-classification', classes: ['a', 'b'] };
  const vectors: ConfigInput['task'] = {
    type: 'vector-classification',
    classes: ['a', 'b'],
    length: 2,
  };
  const answers = [photos.task, grey, texts, vectors].map((task) =>
    canHaveEncoder({ ...photos, task }),
  );
  expect(answers).toEqual([true, true, true, false]);
});

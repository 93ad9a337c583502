/** The students to compare: every architecture with every kind of examples that it reads. */
import type { Example } from '../../src/data/example.ts';
import {
  type Features,
  featureShape,
  fitFeatures,
  taskSchema,
} from '../../src/data/features/index.ts';
import { randomFor } from '../../src/data/random.ts';
import { architectures, networkSchema } from '../../src/models/networks/index.ts';
import { withUsualLength } from '../../src/models/networks/training-length.ts';
import { itemsOf, type StudentExample } from '../../src/models/student-input.ts';
import { topologyOf } from '../../src/models/topology.ts';
import { toJson } from '../../src/store/seal.ts';
import { tf } from '../../src/tensorflow.ts';
import { type RawImage, rawImage, studentSize } from './raw-images.ts';
import { missingTexts, rawRow, rawText, rawVector } from './raw-values.ts';
import { classes, type StudentPlan } from './students.ts';

/** Raw examples of a kind, with the values that a program in Python gets: JSON, or a file. */
export interface RawExamples {
  readonly examples: readonly StudentExample[];
  readonly images?: readonly RawImage[];
}

/** A student with its raw examples. */
export interface Comparison extends StudentPlan {
  /** Architecture, kind, and a note on the features. */
  readonly name: string;
  readonly raw: RawExamples;
}

const vectorLength = 12;

/** Makes n raw examples of every kind. */
export async function makeRaw(n: number) {
  const random = randomFor(11);
  const each = <Item>(make: (index: number) => Item) =>
    Array.from({ length: n }, (_, i) => make(i));
  const images: RawImage[] = [];
  for (let index = 0; index < n; index++) images.push(await rawImage(random, index));
  return {
    image: { examples: images.map(({ bytes }) => bytes), images },
    row: { examples: each(() => rawRow(random)) },
    vector: { examples: each(() => rawVector(random, vectorLength)) },
    text: { examples: each(() => rawText(random)) },
  };
}

/** Settings of images. The second are those of all architectures. */
const pixels: readonly (readonly [note: string, channels: 1 | 3, preprocess?: unknown])[] = [
  ['grey', 1],
  [
    'cropped',
    3,
    {
      resize: { fit: 'shortest-side-then-center-crop', size: [36, 47], filter: 'bicubic' },
      colors: 'srgb',
    },
  ],
  ['padded', 3, { resize: { fit: 'pad', filter: 'lanczos' }, channelOrder: 'BGR', scale: '-1..1' }],
  ['color', 3],
  ['stretched', 1, { resize: { filter: 'bilinear' }, mean: [0.4], std: [0.3] }],
  ['nearest', 3, { resize: { filter: 'nearest' }, orientation: 'stored' }],
  ['bilinear', 3, { resize: { filter: 'bilinear-no-antialias' } }],
];

async function imageFeatures(index: number, raw: RawExamples) {
  const [, channels, preprocess] = pixels[index]!;
  const { height, width } = studentSize;
  const section =
    typeof preprocess === 'object' ? { crop: [height, width], ...preprocess } : undefined;
  const task = {
    ...{ type: 'image-classification', classes, channels, size: [height, width] },
    ...(section && { preprocess: section }),
  };
  return fitted(task, raw);
}

/** Fits features to the first examples, as a run does with the labeled set. */
async function fitted(task: object, { examples }: RawExamples): Promise<Features> {
  const parsed = taskSchema.parse(task);
  const kinds = { image: 'image', tabular: 'row', vector: 'vector', text: 'text' } as const;
  const kind = kinds[parsed.type.split('-')[0] as keyof typeof kinds];
  // Only the kind of the features is read.
  const items = itemsOf(examples.slice(0, 300), { kind } as Features);
  return fitFeatures(parsed, { missing: missingTexts }, items as AsyncIterable<Example>);
}

/** Makes the topology of a network of a user's, with layers that our own networks lack. */
function ownTopology(kind: 'image' | 'row' | 'vector', inputShape: number[]): Uint8Array {
  const { layers } = tf;
  const before =
    kind === 'image'
      ? [
          layers.separableConv2d({
            inputShape,
            filters: 6,
            kernelSize: 3,
            padding: 'same',
            strides: 2,
          }),
          layers.leakyReLU({ alpha: 0.2 }),
          layers.batchNormalization(),
          layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
          layers.conv2d({ filters: 5, kernelSize: [2, 3], activation: 'elu' }),
          layers.globalMaxPooling2d({}),
        ]
      : [
          layers.dense({ inputShape, units: 9, activation: 'selu' }),
          layers.batchNormalization(),
          layers.reLU({ maxValue: 6 }),
        ];
  const model = tf.sequential({
    layers: [...before, layers.dropout({ rate: 0.2 }), layers.dense({ units: classes.length })],
  });
  const json = { format: 'layers-model', modelTopology: topologyOf(model), weightsManifest: [] };
  model.dispose();
  return toJson(json);
}

const small: Readonly<Record<string, object>> = {
  mlp: { width: 24, depth: 2 },
  convnet: { width: 6, depth: 3 },
  resnet: { width: 6, depth: 8 },
  ngrams: { buckets: 4096, dimension: 6, hidden: 4 },
  'layers-model': { topology: 'own/model.json', weights: 'random' },
};

/** Lists the comparisons, except those of students with an encoder. */
export async function listComparisons(
  raw: Awaited<ReturnType<typeof makeRaw>>,
): Promise<Comparison[]> {
  const color = await imageFeatures(1, raw.image);
  const features = {
    row: await fitted({ type: 'tabular-classification', classes }, raw.row),
    vector: { kind: 'vector', length: vectorLength } as Features,
    text: { kind: 'text', maxCharacters: 90 } as Features,
  };
  const found: Comparison[] = [];
  const add = (
    name: string,
    plan: Omit<StudentPlan, 'isMultiLabel'>,
    multiLabel = [false, true],
  ) => {
    for (const isMultiLabel of multiLabel) {
      const { kind } = plan.features;
      const suffix = isMultiLabel ? ', several labels' : '';
      found.push({ ...plan, isMultiLabel, name: `${name}${suffix}`, raw: raw[kind] });
    }
  };
  for (const [index, [note]] of pixels.entries()) {
    const network = withUsualLength(networkSchema.parse({ architecture: 'mlp', ...small.mlp }));
    add(`mlp, image: ${note}`, { network, features: await imageFeatures(index, raw.image) }, [
      false,
    ]);
  }
  for (const { name, tasks } of Object.values(architectures)) {
    for (const kind of ['image', 'row', 'vector', 'text'] as const) {
      const task = { image: 'image', row: 'tabular', vector: 'vector', text: 'text' }[kind];
      if (tasks && !(tasks as readonly string[]).includes(`${task}-classification`)) continue;
      const own = kind === 'image' ? color : features[kind];
      const network = withUsualLength(networkSchema.parse({ architecture: name, ...small[name] }));
      const files =
        name === 'layers-model' && kind !== 'text'
          ? new Map([['own/model.json', ownTopology(kind, featureShape(own))]])
          : undefined;
      add(`${name}, ${kind}`, { network, features: own, ...(files && { files }) });
    }
  }
  for (const kind of ['image', 'text'] as const) {
    for (const head of ['linear', 'mlp']) {
      const network = withUsualLength(networkSchema.parse({ encoder: kind, head }));
      const own = kind === 'image' ? color : features.text;
      add(`${head} head, ${kind} encoder`, { network, features: own });
    }
  }
  return found;
}

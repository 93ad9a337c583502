import { z } from 'zod';
import { type MethodName, methodNames } from '../debias/methods.ts';

/**
 * The schema of `distill.yaml`. Every field has a default or says what to write; `describe` texts
 * are what editors show (the JSON Schema is made from this file) and what `init` writes as comments.
 * Paths are keys relative to the dataset's folder.
 */

const path = z.string().min(1);

const share = z
  .union([
    z.number().min(0).max(1),
    z
      .string()
      .regex(/^\d+(\.\d+)?%$/, 'expected a share such as 1% or 0.01')
      .transform((text) => Number(text.slice(0, -1)) / 100),
  ])
  .describe('A share: 1% or 0.01.');

const classes = z
  .union([path, z.array(z.union([z.string(), z.number()])).min(2)])
  .describe('The class names, or the JSON file that lists them; a class is the place in the list.');

const imageTask = z.strictObject({
  type: z.literal('image-classification'),
  classes,
  size: z
    .tuple([z.int().min(1).max(4096), z.int().min(1).max(4096)])
    .describe('Height and width in pixels that the student sees; images are resized to it.'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('1 for grey, 3 for colour.'),
});

const rowTask = z.strictObject({
  type: z.literal('tabular-classification'),
  classes,
  target: z.string().default('label').describe('The column that holds the class.'),
  numeric: z
    .array(z.string())
    .optional()
    .describe('Numeric columns. Default: found in the labeled set.'),
  categorical: z
    .array(z.string())
    .optional()
    .describe('Categorical columns. Default: found in the labeled set.'),
});

const vectorTask = z.strictObject({
  type: z.literal('vector-classification'),
  classes,
  length: z.int().min(1).describe('How many floats an example has.'),
});

const data = z.strictObject({
  format: z
    .enum(['webdataset', 'parquet', 'csv', 'images'])
    .describe('webdataset: tar shards; parquet; csv with a header; images: plain files.'),
  id: z
    .string()
    .optional()
    .describe('Column of the id (Parquet, CSV). Default: "id" where there is one, else the row.'),
  label: z
    .string()
    .optional()
    .describe(
      'Column of the class (Parquet). Default: the target of a tabular task, else "label".',
    ),
  image: z.string().default('image').describe('Column of the encoded image (Parquet).'),
  vector: z.string().default('features').describe('Column of the list of floats (Parquet).'),
  missing: z.array(z.string()).default(['', '?', 'NA']).describe('Texts that mean "missing".'),
  validationShare: share
    .default(0.5)
    .describe(
      'Share of the labeled set kept for validation when there is no validation/ folder and a label cannot serve for both: the teacher is a brought one, or folds is 1. 0: all serve for both, which is right for a teacher that has not learned them.',
    ),
  shardMiB: z.number().positive().default(64).describe('About how much data goes into one shard.'),
});

const augment = z.strictObject({
  flip: z.boolean().default(false).describe('Mirror left and right at random.'),
  crop: z.int().min(0).default(0).describe('Shift by up to this many pixels at random.'),
});

/** How a network is trained; the same fields for the student and for a teacher that we train. */
const training = {
  epochs: z.int().min(1).max(10_000).default(30),
  batchSize: z.int().min(1).max(65_536).default(128),
  optimizer: z.enum(['adam', 'sgd']).default('adam').describe('sgd has momentum.'),
  learningRate: z.number().positive().default(0.001),
  schedule: z
    .enum(['cosine', 'constant'])
    .default('cosine')
    .describe('cosine falls to 0 at the end.'),
  momentum: z.number().min(0).max(1).default(0.9).describe('For sgd.'),
  weightDecay: z.number().min(0).default(0).describe('Decoupled from the gradient; kernels only.'),
  augment: augment.prefault({}).describe('Random changes to images while training.'),
};

const network = z.discriminatedUnion('architecture', [
  z.strictObject({
    architecture: z.literal('mlp').describe('Dense layers, for rows and vectors.'),
    width: z.int().min(1).default(128).describe('Units of a hidden layer.'),
    depth: z.int().min(1).max(32).default(2).describe('Hidden layers.'),
    ...training,
  }),
  z.strictObject({
    architecture: z.literal('convnet').describe('Convolutions, each followed by pooling.'),
    width: z.int().min(1).default(32).describe('Filters of the first; doubled at each next.'),
    depth: z.int().min(1).max(8).default(2).describe('Convolutions.'),
    ...training,
  }),
  z.strictObject({
    architecture: z.literal('resnet').describe('For small images (He et al. 2015, section 4.2).'),
    width: z.int().min(1).default(16).describe('Filters of the first of the three stages.'),
    depth: z
      .int()
      .refine((depth) => depth >= 8 && (depth - 2) % 6 === 0, 'expected 6n + 2: 8, 14, 20, 32 …')
      .default(20)
      .describe('Layers: 6n + 2.'),
    ...training,
  }),
  z.strictObject({
    architecture: z.literal('layers-model').describe('Your own tfjs LayersModel topology.'),
    topology: path.describe('The model.json. Its weights are not read.'),
    ...training,
  }),
]);
export type Network = z.infer<typeof network>;

/** The fields of `teacher` that say what it is; exactly one is there. */
export const teacherKinds = [
  'train',
  'onnx',
  'savedModel',
  'layersModel',
  'graphModel',
  'predictions',
] as const;

const teacher = z
  .strictObject({
    train: network.optional().describe('Train a teacher on the labeled set.'),
    loss: z
      .enum(['crossEntropy', 'mse', 'mcmi'])
      .default('crossEntropy')
      .describe(
        'Of a teacher that we train. mse: probabilities closer to how likely the classes are; mcmi: answers that differ more within a class. Both are for students with soft labels (docs/methods.md).',
      ),
    mcmi: z
      .strictObject({
        epochs: z.int().min(1).default(20).describe('After those of train.'),
        strength: z
          .number()
          .positive()
          .default(0.15)
          .describe('How much differing counts beside being right.'),
      })
      .prefault({}),
    onnx: path.optional().describe('An ONNX file.'),
    savedModel: path.optional().describe('The folder of a TensorFlow SavedModel.'),
    layersModel: path.optional().describe('The model.json of a tfjs LayersModel.'),
    graphModel: path.optional().describe('The model.json of a tfjs GraphModel.'),
    predictions: path.optional().describe('Folder of Parquet files: id, probabilities.'),
    size: z
      .tuple([z.int().min(1), z.int().min(1)])
      .optional()
      .describe('Height and width that the teacher sees. Default: the size of the task.'),
    mean: z.array(z.number()).optional().describe('Taken off pixel/255, by channel. Default: 0.'),
    std: z.array(z.number().positive()).optional().describe('Then divided by. Default: 1.'),
    output: z.enum(['probabilities', 'logits']).default('probabilities'),
    outputName: z.string().optional().describe('Which output has the classes, if there are more.'),
    embeddingName: z.string().optional().describe('Which output is an embedding.'),
    batchSize: z.int().min(1).max(4096).default(128),
  })
  .refine(
    (value) => teacherKinds.filter((kind) => value[kind] !== undefined).length === 1,
    `expected exactly one of ${teacherKinds.join(', ')}`,
  );
export type TeacherConfig = z.infer<typeof teacher>;

/** One student: how its loss is corrected, and from which labels it learns. */
const variant = z
  .union([
    z.enum(methodNames),
    z
      .strictObject({
        method: z.enum(methodNames),
        labels: z.enum(['soft', 'hard']).optional(),
        seed: z.int().optional(),
      })
      .refine(({ method, labels }) => method !== 'slam' || labels !== 'hard', {
        path: ['labels'],
        message: 'expected soft: slam compares the student with the probabilities of the teacher',
      }),
  ])
  .describe(
    'How the loss is corrected for the mistakes of the teacher (docs/methods.md); uniform: not at all.',
  );

type Variant = z.infer<typeof variant>;

const weights = z.strictObject({
  reading: z
    .enum(['B', 'D'])
    .default('D')
    .describe('D: ratio of mean losses (stable). B: mean of loss ratios, the formula as printed.'),
  neighbors: z
    .int()
    .min(1)
    .optional()
    .describe('Validation examples that an estimate averages. Default: the root of their number.'),
  bounds: z
    .tuple([z.number().min(0), z.number().positive()])
    .refine(([low, high]) => low <= high, 'expected the lower bound first')
    .default([0, 1])
    .describe('Weights are clipped to this range.'),
});

/** Methods that train students in folds. */
const crossValidated: readonly MethodName[] = ['relabel', 'auto'];

/** The students that a config asks for. */
interface Students {
  readonly method: Variant;
  readonly compare: readonly Variant[];
}

/** Whether one of them is trained by one of these methods. */
function hasMethod({ method, compare }: Students, ...wanted: readonly MethodName[]): boolean {
  return [method, ...compare].some((variant) =>
    wanted.includes(typeof variant === 'string' ? variant : variant.method),
  );
}

export const configSchema = z
  .strictObject({
    task: z.discriminatedUnion('type', [imageTask, rowTask, vectorTask]),
    data,
    teacher,
    folds: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe(
        'Cross-fitting: as many teachers are trained, each on all labels but a part, and judged on that part. They label together.',
      ),
    student: network,
    method: variant.default('relabel'),
    labels: z
      .enum(['soft', 'hard'])
      .default('hard')
      .describe('Learn from the probabilities of the teacher, or from its most likely class.'),
    weights: weights.prefault({}),
    slam: z
      .strictObject({
        topK: z.int().min(1).default(3).describe('Classes among which a wrong label may be.'),
      })
      .prefault({}),
    lelp: z
      .strictObject({
        subclasses: z
          .int()
          .min(2)
          .default(4)
          .describe('Into how many each class is split, by the embeddings of the teacher.'),
      })
      .prefault({}),
    relabel: z
      .strictObject({
        rounds: z
          .int()
          .min(1)
          .default(3)
          .describe('How often, at most, the students label in the place of the teacher.'),
      })
      .prefault({}),
    warmup: z
      .strictObject({ epochs: z.int().min(1).default(20) })
      .prefault({})
      .describe('Short training on the labeled set: the student that the first weights are for.'),
    compare: z.array(variant).default(['uniform']).describe('Also train these, for the report.'),
    trainer: z.enum(['gpu', 'function']).default('function'),
    seed: z.int().default(1),
    limits: z
      .strictObject({
        budgetUsd: z.number().positive().default(20),
        quarantine: share.default(0.01).describe('More unusable examples than this fail the run.'),
      })
      .prefault({}),
    publish: z
      .strictObject({
        metric: z.enum(['accuracy', 'logLoss']).default('accuracy'),
        minGain: z.number().default(0).describe('Publish when better than the present by more.'),
      })
      .prefault({}),
  })
  .refine((config) => config.folds > 1 || !hasMethod(config, ...crossValidated), {
    path: ['folds'],
    message:
      'expected 2 or more, for relabel and auto judge students by cross-validation (method: weighted does not)',
  })
  .refine(
    (config) =>
      !hasMethod(config, 'lelp') ||
      config.teacher.train !== undefined ||
      (config.teacher.embeddingName !== undefined && config.teacher.predictions === undefined),
    {
      path: ['teacher', 'embeddingName'],
      message:
        'expected the output of a model that is its embedding, for lelp splits the classes by it',
    },
  )
  .superRefine(({ task, teacher, student }, context) => {
    if (task.type === 'image-classification') return;
    const networks = [
      { path: ['teacher', 'train'], network: teacher.train },
      { path: ['student'], network: student },
    ];
    for (const { path, network } of networks) {
      if (network?.architecture !== 'convnet' && network?.architecture !== 'resnet') continue;
      context.addIssue({
        code: 'custom',
        path: [...path, 'architecture'],
        message: `expected mlp or layers-model: a ${network.architecture} is for images`,
      });
    }
  });

/** `distill.yaml` with all defaults filled in. */
export type Config = z.infer<typeof configSchema>;
/** `distill.yaml` as users write it. */
export type ConfigInput = z.input<typeof configSchema>;
export type Task = Config['task'];
export type DataConfig = Config['data'];

/** A network that reads the embeddings of an encoder: `encoder` and `head` in distill.yaml. */
import { z } from 'zod';
import { augmentSchema } from '../../data/features/augment-config.ts';
import { encoderSchema } from '../encoders/config.ts';
import { type Architecture, fromTopology, trainingFields } from './architecture.ts';
import { LayerList } from './layers.ts';
import { mlp } from './mlp.ts';

/** Settings of the head `mlp`, if the config has none. */
const defaultMlp = { width: 256, depth: 1 };

const noAugment = JSON.stringify(augmentSchema.parse({}));

export const headSchema = z
  .strictObject({
    /** Absent in a head, and required in other networks. */
    architecture: z.literal(undefined).optional(),
    encoder: encoderSchema,
    head: z
      .enum(['linear', 'mlp'])
      .describe(
        'linear: one layer on the embedding, with a penalty chosen by cross-validation. mlp: dense layers.',
      ),
    width: mlp.schema.shape.width
      .removeDefault()
      .optional()
      .describe(`Units of a hidden layer. Only for mlp. Default: ${defaultMlp.width}.`),
    depth: mlp.schema.shape.depth
      .removeDefault()
      .optional()
      .describe(`Hidden layers. Only for mlp. Default: ${defaultMlp.depth}.`),
    ...trainingFields,
    learningRate: z.number().positive().default(0.003),
    augment: trainingFields.augment.refine(
      (augment) => JSON.stringify(augment) === noAugment,
      'expected no augment: the encoder embeds each example once',
    ),
  })
  .superRefine(({ head, width, depth }, context) => {
    if (head === 'mlp') return;
    for (const [field, value] of Object.entries({ width, depth })) {
      if (value === undefined) continue;
      const message = `expected none: ${field} is only for head: mlp`;
      context.addIssue({ code: 'custom', path: [field], message });
    }
  });
export type HeadNetwork = z.infer<typeof headSchema>;

/** The architecture of all heads. Their features are vectors. */
export const headArchitecture: Architecture<HeadNetwork> = {
  name: 'head',
  schema: headSchema,
  tasks: undefined,
  ...fromTopology(({ head, width, depth }: HeadNetwork, problem, seed) => {
    if (head === 'mlp') {
      const sizes = { width: width ?? defaultMlp.width, depth: depth ?? defaultMlp.depth };
      return mlp.topology(sizes, problem, seed);
    }
    const layers = new LayerList(problem.inputShape, seed);
    return layers.model('linear', layers.classScores(layers.input, problem.classes, 'zeros'));
  }),
};

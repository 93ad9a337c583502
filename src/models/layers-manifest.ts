import { z } from 'zod';
import { weightsFile } from './exporters.ts';
import { tensorList, tensorShape } from './tensor-list.ts';

const weightSchema = z.looseObject({
  name: z.string(),
  shape: tensorShape,
  dtype: z.literal('float32'),
});
/** A weight of a network, in the order of the file with the weights. */
export type StatedWeight = z.output<typeof weightSchema>;

/** The `model.json` of a network that `saveModel` made, without its topology. */
export const layersManifest = z.looseObject({
  format: z.literal('layers-model'),
  weightsManifest: z.tuple([
    z.looseObject({
      paths: z.tuple([z.literal(weightsFile)]),
      weights: tensorList(weightSchema),
    }),
  ]),
});

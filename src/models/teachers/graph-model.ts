import { z } from 'zod';
import { tf } from '../../tensorflow.ts';
import { dimension, dtypeName, type LoadedModel, type Port } from './loaded-model.ts';
import { modelHandler } from './model-handler.ts';
import { runTensors } from './run-tensors.ts';

/** What the converter writes of each output, where it writes a signature. Sizes are texts: "-1". */
const signatureSchema = z.looseObject({
  outputs: z.record(
    z.string(),
    z.looseObject({
      dtype: z.string().optional(),
      tensorShape: z
        .looseObject({ dim: z.array(z.looseObject({ size: z.coerce.number() })) })
        .optional(),
    }),
  ),
});

/**
 * Loads a tfjs GraphModel from its `model.json`. Outputs go by the names in its signature, else by
 * those of their nodes.
 */
export async function loadGraphModel(path: string): Promise<LoadedModel> {
  const model = await tf.loadGraphModel(await modelHandler(path, 'graph-model'));
  const signature = signatureSchema.safeParse(model.modelSignature).data?.outputs ?? {};
  const output = (name: string): Port => ({
    name,
    dtype: dtypeName(signature[name]?.dtype),
    shape: signature[name]?.tensorShape?.dim.map(({ size }) => dimension(size)),
  });
  const inputs = model.inputs.map(({ dtype, shape }, place) => ({
    name: model.inputNodes[place]!,
    dtype,
    shape: shape?.map(dimension),
  }));
  return {
    inputs,
    outputs: model.outputNodes.map(output),
    usualLayout: 'NHWC',
    async run(values, shape, names) {
      return runTensors(values, shape, (input) =>
        [model.execute({ [inputs[0]!.name]: input }, [...names])].flat(),
      );
    },
    dispose() {
      model.dispose();
    },
  };
}

import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { tf } from '../../tensorflow.ts';
import { dimension, dtypeName, type LoadedModel, type Port } from './loaded-model.ts';
import { runTensors } from './run-tensors.ts';

const tag = 'serve';
const signatureName = 'serving_default';

/**
 * Loads the folder of a TensorFlow SavedModel: its signature `serving_default` under the tag
 * `serve`, which is what Keras and `tf.saved_model.save` write. Outputs go by the signature's names.
 */
export async function loadSavedModel(folder: string): Promise<LoadedModel> {
  const signature = await findSignature(folder);
  const ports = (tensors: typeof signature.inputs): Port[] =>
    Object.entries(tensors).map(([name, { tfDtype, shape }]) => ({
      name,
      dtype: dtypeName(tfDtype),
      shape: shapeOf(shape),
    }));
  const inputs = ports(signature.inputs);
  const model = await tf.node.loadSavedModel(folder, [tag], signatureName);
  // `predict` computes whatever this object of the model's names at the time.
  const computed = model.outputNodeNames;
  const nodes = { ...computed };
  return {
    inputs,
    outputs: ports(signature.outputs),
    usualLayout: 'NHWC',
    async run(values, shape, names) {
      for (const name of Object.keys(computed)) delete computed[name];
      for (const name of names) computed[name] = nodes[name]!;
      return runTensors(values, shape, (input) => {
        const results = model.predict({ [inputs[0]!.name]: input });
        // A map goes in, so a map of tensors comes out.
        return names.map((name) => (results as Record<string, typeof input>)[name]!);
      });
    },
    dispose() {
      model.dispose();
    },
  };
}

async function findSignature(folder: string) {
  const graphs = await tf.node.getMetaGraphsFromSavedModel(folder);
  const graph = graphs.find(({ tags }) => tags.length === 1 && tags[0] === tag);
  const signature = graph?.signatureDefs[signatureName];
  if (signature) return signature;
  const found = graphs.map(
    ({ tags, signatureDefs }) =>
      `${Object.keys(signatureDefs).join(', ') || 'no signature'} (tag ${tags.join(', ')})`,
  );
  throw new UserError(
    `the SavedModel has no signature '${signatureName}' under the tag '${tag}'; it has ${found.join('; ')}`,
    "Save it with tf.saved_model.save(model, folder, signatures={'serving_default': function}).",
  );
}

/** tfjs-node says that dimensions are numbers, and gives protobuf messages. */
const dimensionMessage = z.custom<{ getSize(): number }>(
  (value) => typeof (value as { getSize?: unknown } | null)?.getSize === 'function',
);

function shapeOf(shape: unknown): Port['shape'] {
  const sizes = z.array(dimensionMessage).parse(shape);
  // A shape of unknown rank arrives empty, and no input or output that we can use is a scalar.
  return sizes.length === 0 ? undefined : sizes.map((size) => dimension(size.getSize()));
}

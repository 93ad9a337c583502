/**
 * TensorFlow's own kernels where tfjs puts an operation together from many: the gradient of relu,
 * and batch norm while training. The results are the same up to rounding, and a pass takes half the
 * time.
 */
import { tf, type tfTypes } from '../tensorflow.ts';

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What of tfjs-node's backend is used. Its classes are not exported. */
interface NodeBackend {
  readonly binding: Readonly<Record<`TF_${string}`, number>>;
  executeSingleOutput(
    kernel: string,
    attributes: readonly Attribute[],
    inputs: readonly tfTypes.Tensor[],
  ): tfTypes.Tensor;
  executeMultipleOutputs(
    kernel: string,
    attributes: readonly Attribute[],
    inputs: readonly tfTypes.Tensor[],
    outputs: number,
  ): tfTypes.Tensor[];
}

// The cast: see NodeBackend.
const backend = tf.backend() as unknown as NodeBackend;

const attribute = (name: string, kind: string, value: unknown): Attribute => ({
  name,
  type: backend.binding[`TF_ATTR_${kind}`]!,
  value,
});
const floatType = (name: string) => attribute(name, 'TYPE', backend.binding.TF_FLOAT);

/** Uses TensorFlow's kernel for the gradient of relu, everywhere in the process. */
export function fuseReluGradient(): void {
  tf.registerGradient({
    kernelName: tf.Relu,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({
      // A kernel with one output has one gradient; the type covers those with several.
      x: () =>
        backend.executeSingleOutput('ReluGrad', [floatType('T')], [dy as tfTypes.Tensor, x!]),
    }),
  });
}

/** What of a BatchNormalization layer is used. Its class is not exported. */
interface BatchNormLayer extends tfTypes.layers.Layer {
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly gamma?: tfTypes.LayerVariable;
  readonly beta?: tfTypes.LayerVariable;
  readonly movingMean: tfTypes.LayerVariable;
  readonly movingVariance: tfTypes.LayerVariable;
}

/**
 * Lets the model's batch norm layers use the fused kernel while training, on images with the
 * channels last; elsewhere they work as before.
 * @returns a function that takes it back.
 */
export function fuseBatchNorm(model: tfTypes.LayersModel): () => void {
  // The cast: getClassName says that it is one.
  const layers = model.layers.filter(
    (layer) => layer.getClassName() === 'BatchNormalization',
  ) as BatchNormLayer[];
  for (const layer of layers) {
    const { gamma, beta } = layer;
    if (!gamma || !beta) continue;
    const unfused = layer.call.bind(layer);
    layer.call = (inputs, options) => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const lastAxis = layer.axis === -1 || layer.axis === 3;
      const fits = options.training === true && x.rank === 4 && lastAxis;
      return fits ? trainingBatchNorm(layer, x, gamma, beta) : unfused(inputs, options);
    };
  }
  return () => {
    for (const layer of layers) {
      // What was set above hides the method of the class.
      Reflect.deleteProperty(layer, 'call');
    }
  };
}

/** Normalises by the batch's own mean and variance, and moves the layer's averages towards them. */
function trainingBatchNorm(
  layer: BatchNormLayer,
  x: tfTypes.Tensor,
  gamma: tfTypes.LayerVariable,
  beta: tfTypes.LayerVariable,
): tfTypes.Tensor {
  const { epsilon, momentum, movingMean, movingVariance } = layer;
  const shared = [
    floatType('T'),
    floatType('U'),
    attribute('epsilon', 'FLOAT', epsilon),
    attribute('data_format', 'STRING', 'NHWC'),
    attribute('is_training', 'BOOL', true),
  ];
  const normalize = tf.customGrad((...inputs) => {
    // customGrad's types have a list of tensors and the function `save` in one.
    const [x, gamma, beta, save] = inputs as [
      tfTypes.Tensor,
      tfTypes.Tensor,
      tfTypes.Tensor,
      (tensors: tfTypes.Tensor[]) => void,
    ];
    const [y, mean, variance, ...reserved] = backend.executeMultipleOutputs(
      'FusedBatchNormV3',
      [...shared, attribute('exponential_avg_factor', 'FLOAT', 1 - momentum)],
      [x, gamma, beta, movingMean.read(), movingVariance.read()],
      6,
    );
    movingMean.write(mean!);
    movingVariance.write(variance!);
    save([x, gamma, ...reserved]);
    return {
      value: y!,
      gradFunc: (dy: tfTypes.Tensor, saved: tfTypes.Tensor[]) =>
        backend
          .executeMultipleOutputs('FusedBatchNormGradV3', shared, [dy, ...saved], 5)
          .slice(0, 3),
    };
  });
  return normalize(x, gamma.read(), beta.read());
}

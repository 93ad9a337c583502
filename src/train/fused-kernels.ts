/**
 * TensorFlow's own kernels where tfjs puts an operation together from many: the gradient of relu,
 * batch norm while training, and cross-entropy; and dropout whose random numbers can be drawn again.
 * The results are the same up to rounding, and a pass takes half the time.
 */
import { tf, type tfTypes } from '../tensorflow.ts';
import { attribute, backend, floatType } from './kernels.ts';

type Tensor = tfTypes.Tensor;

/** What customGrad hands over behind the inputs; its types have both in one list. */
type Save = (tensors: Tensor[]) => void;

/** Uses TensorFlow's kernel for the gradient of relu, everywhere in the process. */
export function fuseReluGradient(): void {
  tf.registerGradient({
    kernelName: tf.Relu,
    // Not the input: TensorFlow may then compute relu together with what comes before it.
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({
      // A kernel with one output has one gradient; the type covers those with several.
      x: () => backend.executeSingleOutput('ReluGrad', [floatType('T')], [dy as Tensor, y!]),
    }),
  });
}

/**
 * Cross-entropy of each row, from the logits: [n].
 * @param logits [n, classes]
 * @param targets [n, classes]; constants in the gradient.
 */
export function crossEntropies(logits: Tensor, targets: Tensor): Tensor {
  return tf.customGrad((...inputs) => {
    const [logits, save] = inputs as unknown as [Tensor, Save];
    const [losses, gradient] = backend.executeMultipleOutputs(
      'SoftmaxCrossEntropyWithLogits',
      [floatType('T')],
      [logits, targets],
      2,
    );
    save([gradient!]);
    return {
      value: losses!,
      gradFunc: (dy: Tensor, [gradient]: Tensor[]) => dy.reshape([-1, 1]).mul(gradient!),
    };
  })(logits);
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

/** What of a Dropout layer is used. Its class is not exported. */
interface DropoutLayer extends tfTypes.layers.Layer {
  readonly rate: number;
}

/** What of a Dense layer is used. Its class is not exported. */
interface DenseLayer extends tfTypes.layers.Layer {
  readonly kernel: tfTypes.LayerVariable;
  readonly bias: tfTypes.LayerVariable | null;
  readonly activation: { apply(x: Tensor): Tensor };
}

/**
 * Lets the model's layers use these kernels while training: batch norm on images with the channels
 * last, dense layers on rows, and dropout. Elsewhere they work as before.
 * @param seedOfStep gives `dropoutSeed` of the step under way, [2].
 * @returns a function that takes it back.
 */
export function fuseLayers(
  model: tfTypes.LayersModel,
  seedOfStep: () => tfTypes.Tensor,
): () => void {
  for (const [place, layer] of model.layers.entries()) {
    const unfused = layer.call.bind(layer);
    const whileTraining = trainingCall(layer, place, seedOfStep);
    if (!whileTraining) continue;
    layer.call = (inputs, options) => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const fused = options.training === true ? whileTraining(x) : undefined;
      return fused ?? unfused(inputs, options);
    };
  }
  return () => {
    for (const layer of model.layers) {
      // What was set above hides the method of the class.
      Reflect.deleteProperty(layer, 'call');
    }
  };
}

/** How a layer works while training; gives undefined for an input that its kernel is not for. */
function trainingCall(
  layer: tfTypes.layers.Layer,
  place: number,
  seedOfStep: () => Tensor,
): ((x: Tensor) => Tensor | undefined) | undefined {
  switch (layer.getClassName()) {
    case 'BatchNormalization': {
      const norm = layer as BatchNormLayer; // getClassName says so.
      const { axis, gamma, beta } = norm;
      if (!gamma || !beta) return undefined;
      return (x) =>
        x.rank === 4 && (axis === -1 || axis === 3)
          ? trainingBatchNorm(norm, x, gamma, beta)
          : undefined;
    }
    case 'Dense': {
      const { kernel, bias, activation } = layer as DenseLayer; // getClassName says so.
      return (x) => {
        if (x.rank !== 2) return undefined;
        const product = matMul(x, kernel.read());
        return activation.apply(bias ? product.add(bias.read()) : product);
      };
    }
    case 'Dropout': {
      const { rate } = layer as DropoutLayer; // getClassName says so.
      return rate > 0 ? (x) => dropout(x, rate, seedOfStep(), place) : undefined;
    }
    default:
      return undefined;
  }
}

/** Normalises by the batch's own mean and variance, and moves the layer's averages towards them. */
function trainingBatchNorm(
  layer: BatchNormLayer,
  x: Tensor,
  gamma: tfTypes.LayerVariable,
  beta: tfTypes.LayerVariable,
): Tensor {
  const { epsilon, momentum, movingMean, movingVariance } = layer;
  const shared = [
    floatType('T'),
    floatType('U'),
    attribute('epsilon', 'FLOAT', epsilon),
    attribute('data_format', 'STRING', 'NHWC'),
    attribute('is_training', 'BOOL', true),
  ];
  const normalize = tf.customGrad((...inputs) => {
    const [x, gamma, beta, save] = inputs as unknown as [Tensor, Tensor, Tensor, Save];
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
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        backend
          .executeMultipleOutputs('FusedBatchNormGradV3', shared, [dy, ...saved], 5)
          .slice(0, 3),
    };
  });
  return normalize(x, gamma.read(), beta.read());
}

/** The product of two matrices; that of tfjs goes through batches of one matrix, at twice the time. */
function matMul(a: Tensor, b: Tensor): Tensor {
  const product = (a: Tensor, b: Tensor, transpose: { a?: boolean; b?: boolean } = {}) =>
    backend.executeSingleOutput(
      'MatMul',
      [
        floatType('T'),
        attribute('transpose_a', 'BOOL', transpose.a ?? false),
        attribute('transpose_b', 'BOOL', transpose.b ?? false),
      ],
      [a, b],
    );
  return tf.customGrad((...inputs) => {
    const [a, b, save] = inputs as unknown as [Tensor, Tensor, Save];
    save([a, b]);
    return {
      value: product(a, b),
      gradFunc: (dy: Tensor, [a, b]: Tensor[]) => [
        product(dy, b!, { b: true }),
        product(a!, dy, { a: true }),
      ],
    };
  })(a, b);
}

/**
 * The seed that all layers with dropout share in one step; each adds its place in the model.
 * @param seed of the training.
 * @param step how many were taken before.
 */
export function dropoutSeed(seed: number, step: number): Int32Array {
  // Models have far fewer than 1,000 layers, so the seeds of two trainings do not meet.
  return Int32Array.of(seed * 1000, step);
}

/**
 * Sets a share `rate` of the numbers to 0 and raises the others to keep their sum (Srivastava et al.
 * 2014). Which ones is a function of the seed and the layer's place alone, so that a training can be
 * resumed, and be recorded as a graph.
 */
function dropout(x: Tensor, rate: number, seed: Tensor, place: number): Tensor {
  const uniform = backend.executeSingleOutput(
    'StatelessRandomUniform',
    [
      attribute('dtype', 'TYPE', backend.binding.TF_FLOAT),
      attribute('T', 'TYPE', backend.binding.TF_INT32),
      attribute('Tseed', 'TYPE', backend.binding.TF_INT32),
    ],
    [tf.tensor1d(x.shape, 'int32'), seed.add(tf.tensor1d([place, 0], 'int32'))],
  );
  const kept = uniform.greaterEqual(rate).cast('float32');
  return x.mul(kept.div(1 - rate));
}

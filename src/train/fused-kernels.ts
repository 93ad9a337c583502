/**
 * TensorFlow's own kernels for operations that tfjs composes from many: the gradient of relu, batch
 * norm in training, and cross-entropy. Also dropout whose random numbers can be repeated. The
 * results are the same up to rounding, and a pass takes half the time.
 */

import { attribute, backend, floatType } from '../models/kernels.ts';
import { tf, type tfTypes } from '../tensorflow.ts';

type Tensor = tfTypes.Tensor;

/** Last argument of a customGrad function. The types of tfjs put it in one list with the inputs. */
export type Save = (tensors: Tensor[]) => void;

/** Uses TensorFlow's kernel for the gradient of relu, everywhere in the process. */
export function fuseReluGradient(): void {
  tf.registerGradient({
    kernelName: tf.Relu,
    // The output is saved, not the input: TensorFlow may then fuse relu with the operation before
    // it.
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({
      // A kernel with one output has one gradient; the type covers kernels with several.
      x: () => backend.executeSingleOutput('ReluGrad', [floatType('T')], [dy as Tensor, y!]),
    }),
  });
}

/**
 * Computes the cross-entropy of each row from the logits: [n].
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

/** The BatchNormalization fields we use (tfjs does not export the class). */
interface BatchNormLayer extends tfTypes.layers.Layer {
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly gamma?: tfTypes.LayerVariable;
  readonly beta?: tfTypes.LayerVariable;
  readonly movingMean: tfTypes.LayerVariable;
  readonly movingVariance: tfTypes.LayerVariable;
}

/** The Dropout fields we use (tfjs does not export the class). */
interface DropoutLayer extends tfTypes.layers.Layer {
  readonly rate: number;
}

/** The Activation fields we use (tfjs does not export the class). */
interface ActivationLayer extends tfTypes.layers.Layer {
  readonly activation: tfTypes.serialization.Serializable;
}

/** The Dense fields we use (tfjs does not export the class). */
interface DenseLayer extends tfTypes.layers.Layer {
  readonly kernel: tfTypes.LayerVariable;
  readonly bias: tfTypes.LayerVariable | null;
  readonly activation: { apply(x: Tensor): Tensor };
}

/**
 * Replaces kernels of the model's layers in training: batch norm on images with the channels last,
 * dense layers on rows, and dropout. Batch norm in frozen layers stays as in predictions. Other
 * layers are unchanged.
 * @param seedOfStep returns `dropoutSeed` of the current step, [2].
 * @returns a function that restores the layers.
 */
export function fuseLayers(
  model: tfTypes.LayersModel,
  seedOfStep: () => tfTypes.Tensor,
): () => void {
  const frozen = [...frozenBatchNorms(model)];
  const isFrozen = new Set<tfTypes.layers.Layer>(frozen);
  for (const layer of frozen) {
    const unfused = layer.call.bind(layer);
    layer.call = (inputs, options) => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const fused = options.training === true ? frozenBatchNorm(layer, x) : undefined;
      return fused ?? unfused(inputs, { ...options, training: false });
    };
  }
  for (const [index, layer] of model.layers.entries()) {
    if (isFrozen.has(layer)) continue;
    const unfused = layer.call.bind(layer);
    const whileTraining = trainingCall(layer, index, seedOfStep);
    if (!whileTraining) continue;
    layer.call = (inputs, options) => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const fused = options.training === true ? whileTraining(x) : undefined;
      return fused ?? unfused(inputs, options);
    };
  }
  return () => {
    for (const layer of [...model.layers, ...frozen]) {
      // The property set above hides the method of the class.
      Reflect.deleteProperty(layer, 'call');
    }
  };
}

/** Lists the layers of batch norm that are not trained, also within other models. */
function* frozenBatchNorms(model: tfTypes.LayersModel): Generator<BatchNormLayer> {
  for (const layer of model.layers) {
    if ('layers' in layer) yield* frozenBatchNorms(layer as tfTypes.LayersModel);
    else if (!layer.trainable && layer.getClassName() === 'BatchNormalization') {
      yield layer as BatchNormLayer; // By its getClassName.
    }
  }
}

/**
 * Returns the call of a layer in training, or undefined for an input that its kernel does not fit.
 */
function trainingCall(
  layer: tfTypes.layers.Layer,
  index: number,
  seedOfStep: () => Tensor,
): ((x: Tensor) => Tensor | undefined) | undefined {
  switch (layer.getClassName()) {
    case 'BatchNormalization': {
      const norm = layer as BatchNormLayer; // By its getClassName.
      const { axis, gamma, beta } = norm;
      if (!gamma || !beta) return undefined;
      return (x) => (isChannelsLast(x, axis) ? trainingBatchNorm(norm, x, gamma, beta) : undefined);
    }
    case 'Activation': {
      const { activation } = layer as ActivationLayer; // By its getClassName.
      return activation.getClassName() === 'relu6' ? relu6 : undefined;
    }
    case 'Dense': {
      const { kernel, bias, activation } = layer as DenseLayer; // By its getClassName.
      return (x) => {
        if (x.rank !== 2) return undefined;
        const product = matMul(x, kernel.read());
        return activation.apply(bias ? product.add(bias.read()) : product);
      };
    }
    case 'Dropout': {
      const { rate } = layer as DropoutLayer; // By its getClassName.
      return rate > 0 ? (x) => dropout(x, rate, seedOfStep(), index) : undefined;
    }
    default:
      return undefined;
  }
}

/** Normalizes by the batch's mean and variance, and moves the layer's averages towards them. */
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

/** Returns whether batch norm over this axis is that of an image's channels. */
function isChannelsLast(x: Tensor, axis: number): boolean {
  return x.rank === 4 && (axis === -1 || axis === 3);
}

/**
 * Normalizes by the layer's averages. Its gradient is one factor per channel, because the averages
 * and the layer's weights are constants. Returns undefined for an input that its kernel does not
 * fit.
 */
function frozenBatchNorm(layer: BatchNormLayer, x: Tensor): Tensor | undefined {
  const { axis, epsilon, movingMean, movingVariance, gamma, beta } = layer;
  if (!gamma || !beta || !isChannelsLast(x, axis)) return undefined;
  const normalize = tf.customGrad((...inputs) => {
    const [x] = inputs as unknown as [Tensor, Save];
    const factor = gamma.read().mul(movingVariance.read().add(epsilon).rsqrt());
    const [value] = backend.executeMultipleOutputs(
      'FusedBatchNormV3',
      [
        floatType('T'),
        floatType('U'),
        attribute('epsilon', 'FLOAT', epsilon),
        attribute('data_format', 'STRING', 'NHWC'),
        attribute('is_training', 'BOOL', false),
      ],
      [x, gamma.read(), beta.read(), movingMean.read(), movingVariance.read()],
      6,
    );
    return { value: value!, gradFunc: (dy: Tensor) => dy.mul(factor) };
  });
  return normalize(x);
}

/** Computes min(max(x, 0), 6) by one kernel, and its gradient by another; tfjs takes four. */
function relu6(x: Tensor): Tensor {
  return tf.customGrad((...inputs) => {
    const [x, save] = inputs as unknown as [Tensor, Save];
    const value = backend.executeSingleOutput('Relu6', [floatType('T')], [x]);
    // The output is saved, not the input: TensorFlow may then fuse it with the operation before it.
    save([value]);
    return {
      value,
      gradFunc: (dy: Tensor, [y]: Tensor[]) =>
        backend.executeSingleOutput('Relu6Grad', [floatType('T')], [dy, y!]),
    };
  })(x);
}

/** Multiplies two matrices; tfjs does it as a batch of one matrix, which takes twice the time. */
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
 * Returns the seed that all layers with dropout share in one step; each adds its index in the
 * model.
 * @param seed seed of the training.
 * @param step number of steps before.
 */
export function dropoutSeed(seed: number, step: number): Int32Array {
  // Models have far fewer than 1,000 layers, so the seeds of two trainings do not meet.
  return Int32Array.of(seed * 1000, step);
}

/**
 * Sets a share `rate` of the numbers to 0 and scales the others up, to keep the expected sum
 * (Srivastava et al. 2014). The choice depends only on the seed and the layer's index, so that a
 * training can be resumed, and recorded as a graph.
 */
function dropout(x: Tensor, rate: number, seed: Tensor, index: number): Tensor {
  const uniform = backend.executeSingleOutput(
    'StatelessRandomUniform',
    [
      attribute('dtype', 'TYPE', backend.binding.TF_FLOAT),
      attribute('T', 'TYPE', backend.binding.TF_INT32),
      attribute('Tseed', 'TYPE', backend.binding.TF_INT32),
    ],
    [tf.tensor1d(x.shape, 'int32'), seed.add(tf.tensor1d([index, 0], 'int32'))],
  );
  const kept = uniform.greaterEqual(rate).cast('float32');
  return x.mul(kept.div(1 - rate));
}

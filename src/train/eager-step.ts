import { inputShapeOf } from '../models/topology.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { fuseBatchNorm, fuseReluGradient } from './fused-kernels.ts';
import { createOptimizer, type OptimizerConfig } from './optimizers.ts';
import type { State, TrainingStep } from './step.ts';

/** Where the state keeps the optimizer's count of steps. */
const stepsName = 'optimizer/steps';

/**
 * A training step whose operations run one by one. The cross-entropy comes from the logits, by a
 * stable log-softmax; batch norm is in training mode, and its averages move once a step.
 *
 * @param model gives logits, [n, classes]. It is trained in place, and stays the caller's.
 */
export function createEagerStep(model: tfTypes.LayersModel, config: OptimizerConfig): TrainingStep {
  const inputShape = inputShapeOf(model);
  const classes = model.outputs[0]!.shape[1]!;
  fuseReluGradient();
  const unfuse = fuseBatchNorm(model);
  const parameters = model.trainableWeights.map((weight) => ({
    name: weight.originalName,
    variable: variableOf(weight),
  }));
  const variables = parameters.map(({ variable }) => variable);
  const optimizer = createOptimizer(parameters, config);

  /** All that `state` gives, but for the count of steps. */
  const stored = new Map<string, tfTypes.Variable>([
    ...model.weights.map((weight) => [weight.originalName, variableOf(weight)] as const),
    ...optimizer.slots,
  ]);

  return {
    run(batch, learningRate, reweigh) {
      let { weights } = batch;
      const loss = tf.tidy(() => {
        const features = tf.tensor(batch.features, [batch.size, ...inputShape]);
        const targets = tf.tensor2d(batch.targets, [batch.size, classes]);
        const { value, grads } = tf.variableGrads(() => {
          // A model with one output gives one tensor; the type covers models with several.
          const logits = model.apply(features, { training: true }) as tfTypes.Tensor;
          const logProbabilities = tf.logSoftmax(logits);
          // Numbers that go out and come back are constants in the gradient.
          if (reweigh) weights = reweigh(batch, logProbabilities.exp().dataSync<'float32'>());
          const losses = targets.mul(logProbabilities).sum(1).neg();
          return losses.mul(tf.tensor1d(weights)).sum().div(batch.size).asScalar();
        }, variables);
        optimizer.update(grads, learningRate);
        return value.dataSync()[0]!;
      });
      return { loss, weights };
    },

    state() {
      const state: State = new Map();
      for (const [name, variable] of stored) {
        state.set(name, {
          shape: [...variable.shape],
          values: variable.dataSync<'float32'>(),
        });
      }
      // A float counts exactly to 2^24, and long before that Adam's corrections are 1.
      return state.set(stepsName, { shape: [], values: Float32Array.of(optimizer.steps) });
    },

    restore(state) {
      const unknown = [...state.keys()].find((name) => name !== stepsName && !stored.has(name));
      if (unknown !== undefined) throw new Error(`the model has no '${unknown}' to restore`);
      for (const [name, variable] of stored) {
        const { values, shape } = entry(state, name);
        if (!tf.util.arraysEqual(shape, variable.shape)) {
          throw new Error(`'${name}' is [${shape}]; expected [${variable.shape}]`);
        }
        tf.tidy(() => variable.assign(tf.tensor(values, shape)));
      }
      optimizer.steps = entry(state, stepsName).values[0]!;
    },

    dispose() {
      unfuse();
      optimizer.dispose();
    },
  };
}

function entry(state: State, name: string) {
  const found = state.get(name);
  if (!found) throw new Error(`the state to restore lacks '${name}'`);
  return found;
}

/** `read` gives the variable itself, which its type does not say. */
function variableOf(weight: tfTypes.LayerVariable): tfTypes.Variable {
  return weight.read() as tfTypes.Variable;
}

import { numbersOf } from '../data/features/kind.ts';
import { inputShapeOf } from '../models/topology.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { dropoutSeed, fuseLayers, fuseReluGradient } from './fused-kernels.ts';
import {
  logitsOf,
  lossFeeds,
  mapInputs,
  penalizedGradient,
  probabilitiesOf,
  weightedLoss,
} from './loss.ts';
import { defaultLoss, openLoss } from './losses/index.ts';
import type { OptimizerConfig } from './optimizer-rules.ts';
import { createOptimizer } from './optimizers.ts';
import { parametersOf, weightsOf } from './parameters.ts';
import { checkState, type State, type StepSettings, stepsName, type TrainingStep } from './step.ts';

/**
 * Creates a training step whose operations run one by one. Batch norm is in training mode, and its
 * averages move once per step.
 *
 * @param model outputs logits, [n, outputs]. It is trained in place; the caller owns it.
 */
export function createEagerStep(
  model: tfTypes.LayersModel,
  config: OptimizerConfig,
  { seed = 0, loss = defaultLoss, rateFactor, penalty = 0 }: StepSettings = {},
): TrainingStep {
  const inputShape = inputShapeOf(model);
  const lossFunction = openLoss(loss);
  fuseReluGradient();
  const unfuse = fuseLayers(model, () => tf.tensor1d(dropoutSeed(seed, optimizer.steps)));
  const parameters = parametersOf(model, rateFactor);
  const variables = parameters.map(({ variable }) => variable);
  const optimizer = createOptimizer(parameters, config);

  /** Tensors of `state`, without the count of steps. */
  const stored = new Map<string, tfTypes.Variable>([
    ...weightsOf(model).map(({ name, variable }) => [name, variable] as const),
    ...optimizer.slots,
  ]);

  return {
    run(batch, learningRate, reweigh) {
      let { weights } = batch;
      let probabilities: Float32Array = new Float32Array();
      const value = tf.tidy(() => {
        const features = tf.tensor(numbersOf(batch.rows), [batch.size, ...inputShape]);
        const { value, grads } = tf.variableGrads(() => {
          const logits = logitsOf(model, features);
          // Numbers that pass through JavaScript are constants in the gradient.
          probabilities = probabilitiesOf(lossFunction, logits).dataSync<'float32'>();
          if (reweigh) weights = reweigh(batch, probabilities);
          const inputs = mapInputs(
            lossFeeds(lossFunction, { ...batch, weights }),
            ({ shape, values }) => tf.tensor(values, [...shape]),
          );
          return weightedLoss(lossFunction, logits, inputs);
        }, variables);
        for (const { name, variable } of parameters) {
          const gradient = grads[variable.name];
          if (!gradient) continue;
          grads[variable.name] = penalizedGradient(gradient, { name, variable }, penalty);
        }
        optimizer.update(grads, learningRate);
        return value.dataSync()[0]!;
      });
      return { loss: value, weights, probabilities };
    },

    state() {
      const state: State = new Map();
      for (const [name, variable] of stored) {
        state.set(name, {
          shape: [...variable.shape],
          values: variable.dataSync<'float32'>(),
        });
      }
      return state.set(stepsName, { shape: [], values: Float32Array.of(optimizer.steps) });
    },

    restore(state) {
      const shapes = new Map(Array.from(stored, ([name, { shape }]) => [name, shape]));
      optimizer.steps = checkState(state, shapes).steps;
      for (const [name, variable] of stored) {
        const { values, shape } = state.get(name)!;
        tf.tidy(() => variable.assign(tf.tensor(values, shape)));
      }
    },

    updateModel() {},

    dispose() {
      unfuse();
      optimizer.dispose();
    },
  };
}

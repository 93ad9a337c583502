// A training step, forward and backward, on batches of one size, as nodes of a graph.

import type { Node } from '../../models/saved-graph.ts';
import { inputShapeOf } from '../../models/topology.ts';
import { tf, type tfTypes } from '../../tensorflow.ts';
import {
  logitsOf,
  lossShapes,
  mapInputs,
  penalizedGradient,
  probabilitiesOf,
  weightedLoss,
} from '../loss.ts';
import type { LossFunction } from '../losses/loss-function.ts';
import { parametersOf, type Weight, weightsOf } from '../parameters.ts';
import { placeholder } from './nodes.ts';
import { record } from './record.ts';

export interface RecordedStep {
  /** Prefix of the names of all its nodes. */
  readonly prefix: string;
  readonly nodes: readonly Node[];
  /** Name of the loss. */
  readonly loss: string;
  /** Name of the student's probabilities, [size, outputs]. */
  readonly probabilities: string;
  /** Names of the gradients, by the names of the parameters. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Outputs with the new averages of batch norm, by the names of the averages. */
  readonly averages: ReadonlyMap<string, string>;
}

/** The objective that a step minimizes. */
export interface StepObjective {
  readonly loss: LossFunction;
  /** λ of the penalty λ/2 ‖W‖² on the kernels. */
  readonly penalty: number;
}

/**
 * Records a step.
 * @param readers outputs that read the weights, by the weight's name.
 * @param seed is set to the tensor of the seed of dropout while the step is recorded.
 * @throws RecordingError if the step cannot be a graph.
 */
export function recordStep(
  model: tfTypes.LayersModel,
  size: number,
  readers: ReadonlyMap<string, string>,
  seed: { tensor: tfTypes.Tensor | undefined },
  { loss, penalty }: StepObjective,
): RecordedStep {
  const prefix = `batch${size}`;
  const placeholders: Node[] = [];
  const gradients = new Map<string, string>();
  const averages = new Map<string, string>();
  let lossName = '';
  let probabilities = '';
  const nodes = withWeightsKept(weightsOf(model), (weights) =>
    record(prefix, ({ source, output }) => {
      const input = (shape: number[], name: string) => {
        placeholders.push(placeholder(`${prefix}/${name}`, shape));
        return source(`${prefix}/${name}`, shape, 'float32');
      };
      const features = input([size, ...inputShapeOf(model)], 'features');
      const outputs = model.outputs[0]!.shape[1]!;
      const inputs = mapInputs(lossShapes(loss, size, outputs), input);
      seed.tensor = source('seed', [2], 'int32');
      const before = weights.map(({ name, variable }) => {
        variable.assign(source(readers.get(name)!, variable.shape, 'float32'));
        return variable.dataId;
      });
      const parameters = parametersOf(model);
      const { value, grads } = tf.variableGrads(
        () => {
          const logits = logitsOf(model, features);
          probabilities = output('probabilities', probabilitiesOf(loss, logits));
          return weightedLoss(loss, logits, inputs);
        },
        parameters.map(({ variable }) => variable),
      );
      lossName = output('loss', value);
      for (const [index, parameter] of parameters.entries()) {
        const gradient = grads[parameter.variable.name];
        if (!gradient) continue;
        const whole = penalizedGradient(gradient, parameter, penalty);
        gradients.set(parameter.name, output(`gradient${index}`, whole));
      }
      for (const [index, { name, variable }] of weights.entries()) {
        if (variable.dataId === before[index]) continue;
        averages.set(name, output(`average${index}`, variable));
      }
    }),
  );
  return {
    prefix,
    nodes: [...placeholders, ...nodes],
    loss: lossName,
    probabilities,
    gradients,
    averages,
  };
}

/** Runs `body` and restores the model's weights, which recording replaces by other tensors. */
function withWeightsKept<Result>(
  weights: readonly Weight[],
  body: (weights: readonly Weight[]) => Result,
): Result {
  const copies = weights.map(({ variable }) => variable.clone());
  try {
    return body(weights);
  } finally {
    for (const [index, { variable }] of weights.entries()) {
      variable.assign(copies[index]!);
      copies[index]!.dispose();
    }
  }
}

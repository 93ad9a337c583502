/** One step of training, forward and backward, on batches of one size as nodes of a graph. */
import { inputShapeOf } from '../../models/topology.ts';
import { tf, type tfTypes } from '../../tensorflow.ts';
import { logitsOf, lossShapes, mapInputs, weightedLoss } from '../loss.ts';
import type { LossFunction } from '../losses/loss-function.ts';
import { type Parameter, parametersOf, weightsOf } from '../parameters.ts';
import { placeholder } from './nodes.ts';
import { record } from './record.ts';
import type { Node } from './saved-model.ts';

export interface RecordedStep {
  /** In front of the names of all of its nodes. */
  readonly prefix: string;
  readonly nodes: readonly Node[];
  /** The name of the loss. */
  readonly loss: string;
  /** The name of what the student says: probabilities, [size, classes]. */
  readonly probabilities: string;
  /** The names of the gradients, by the names of the parameters. */
  readonly gradients: ReadonlyMap<string, string>;
  /** What the model itself set in the step: the averages of batch norm, by their names. */
  readonly averages: ReadonlyMap<string, string>;
}

/**
 * @param readers gives the output that reads a weight, by the weight's name.
 * @param seed is set to the tensor of the seed of dropout while the step is recorded.
 * @throws RecordingError when the step cannot be a graph.
 */
export function recordStep(
  model: tfTypes.LayersModel,
  size: number,
  readers: ReadonlyMap<string, string>,
  seed: { tensor: tfTypes.Tensor | undefined },
  loss: LossFunction,
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
      const classes = model.outputs[0]!.shape[1]!;
      const inputs = mapInputs(lossShapes(loss, size, classes), input);
      seed.tensor = source('seed', [2], 'int32');
      const before = weights.map(({ name, variable }) => {
        variable.assign(source(readers.get(name)!, variable.shape, 'float32'));
        return variable.dataId;
      });
      const parameters = parametersOf(model);
      const { value, grads } = tf.variableGrads(
        () => {
          const logits = logitsOf(model, features);
          probabilities = output('probabilities', tf.softmax(logits));
          return weightedLoss(loss, logits, inputs);
        },
        parameters.map(({ variable }) => variable),
      );
      lossName = output('loss', value);
      for (const [place, { name, variable }] of parameters.entries()) {
        const gradient = grads[variable.name];
        if (gradient) gradients.set(name, output(`gradient${place}`, gradient));
      }
      for (const [place, { name, variable }] of weights.entries()) {
        if (variable.dataId === before[place]) continue;
        averages.set(name, output(`average${place}`, variable));
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

/** Recording puts other tensors into the model's weights: afterwards they are as they were. */
function withWeightsKept<Result>(
  weights: readonly Parameter[],
  body: (weights: readonly Parameter[]) => Result,
): Result {
  const copies = weights.map(({ variable }) => variable.clone());
  try {
    return body(weights);
  } finally {
    for (const [place, { variable }] of weights.entries()) {
      variable.assign(copies[place]!);
      copies[place]!.dispose();
    }
  }
}

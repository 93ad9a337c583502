import { numbersOf } from '../data/features/kind.ts';
import { type Feed, openSession, type Session } from '../models/graph-session.ts';
import type { Node } from '../models/saved-graph.ts';
import { inputShapeOf } from '../models/topology.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import type { Batch, Reweigh } from './batch-shape.ts';
import { dropoutSeed, fuseLayers, fuseReluGradient } from './fused-kernels.ts';
import { halves } from './graph/halves.ts';
import { assign, identity, placeholder, variable } from './graph/nodes.ts';
import { type RecordedStep, recordStep, type StepObjective } from './graph/recorded-step.ts';
import { sharedFeeds, sharedNodes, updateNodes } from './graph/update.ts';
import { lossFeeds, lossShares, mapInputs } from './loss.ts';
import { defaultLoss, openLoss } from './losses/index.ts';
import type { LossFunction } from './losses/loss-function.ts';
import { decayOf, type OptimizerConfig, slotKey, slotNames } from './optimizer-rules.ts';
import { type Parameter, parametersOf, type Weight, weightsOf } from './parameters.ts';
import {
  checkState,
  type State,
  type StepResult,
  type StepSettings,
  stepsName,
  type TrainingStep,
} from './step.ts';

/**
 * Creates a training step that runs as one TensorFlow graph: the operations of the eager step are
 * recorded once, followed by TensorFlow's optimizer kernels. Weights and slots are variables of the
 * graph's session.
 *
 * @param model outputs logits, [n, outputs]. The caller owns it; only `updateModel` changes it.
 * @param batchSizes sizes of the batches: a graph's shapes are fixed.
 * @throws RecordingError if the model's step cannot be a graph.
 * @throws Error if TensorFlow refuses the graph.
 */
export function createGraphStep(
  model: tfTypes.LayersModel,
  config: OptimizerConfig,
  batchSizes: readonly number[],
  { seed = 0, loss = defaultLoss, rateFactor, penalty = 0 }: StepSettings = {},
): TrainingStep {
  const variables = variablesOf(model, config);
  const parameters = parametersOf(model, rateFactor);
  const lossFunction = openLoss(loss);
  const steps = recordAll(model, batchSizes, variables, { loss: lossFunction, penalty });
  const session = openSession([
    ...sharedNodes(config),
    placeholder('seed', [2], 'int32'),
    ...variableNodes(variables),
    ...steps.flatMap((step) => stepNodes(step, parameters, config, variables)),
  ]);
  return new GraphStep(model, { session, variables, steps, loss: lossFunction, seed });
}

/** A graph in a session, and what its step needs besides the model. */
interface OpenGraph {
  readonly session: Session;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly steps: readonly RecordedStep[];
  readonly loss: LossFunction;
  /** Dropout seed. */
  readonly seed: number;
}

class GraphStep implements TrainingStep {
  readonly #graph: OpenGraph;
  readonly #weights: readonly Weight[];
  readonly #inputShape: readonly number[];
  /** Outputs with the probabilities, by the prefix of the step. */
  readonly #probabilitiesOf: ReadonlyMap<string, string>;
  #count = 0;

  constructor(model: tfTypes.LayersModel, graph: OpenGraph) {
    const { variables, steps } = graph;
    this.#graph = graph;
    this.#weights = weightsOf(model);
    this.#inputShape = inputShapeOf(model);
    this.#probabilitiesOf = new Map(
      steps.map(({ prefix, probabilities }) => [prefix, probabilities]),
    );
    const start = new Map(this.#weights.map(({ name, variable }) => [name, variable]));
    this.#write((name) => start.get(name)?.dataSync<'float32'>() ?? zerosOf(variables.get(name)!));
  }

  run(batch: Batch, learningRate: number, reweigh?: Reweigh): StepResult {
    const { session } = this.#graph;
    const prefix = `batch${batch.size}`;
    const feeds = this.#feedsOf(batch, prefix, learningRate);
    if (!reweigh) {
      const outputs = [`${prefix}/done`, this.#probabilitiesOf.get(prefix)!];
      const [value, probabilities] = session.run(feeds, outputs);
      this.#count++;
      return { loss: value![0]!, weights: batch.weights, probabilities: probabilities! };
    }
    const [probabilities] = session.run(feeds, [`${prefix}/first`]);
    const weights = reweigh(batch, probabilities!);
    const shares = feeds.get(`${prefix}/shares`)!;
    feeds.set(`${prefix}/shares`, { ...shares, values: lossShares(weights) });
    const [value] = session.run(feeds, [`${prefix}/late/done`]);
    this.#count++;
    return { loss: value![0]!, weights, probabilities: probabilities! };
  }

  state(): State {
    const { variables } = this.#graph;
    const names = [...variables.keys()];
    const values = this.#read(names);
    const state: State = new Map(
      names.map((name, index) => [
        name,
        { shape: [...variables.get(name)!.shape], values: values[index]! },
      ]),
    );
    return state.set(stepsName, { shape: [], values: Float32Array.of(this.#count) });
  }

  restore(state: State): void {
    const { variables } = this.#graph;
    const shapes = new Map(Array.from(variables, ([name, { shape }]) => [name, shape]));
    this.#count = checkState(state, shapes).steps;
    this.#write((name) => state.get(name)!.values);
  }

  updateModel(): void {
    const values = this.#read(this.#weights.map(({ name }) => name));
    for (const [index, { variable }] of this.#weights.entries()) {
      tf.tidy(() => variable.assign(tf.tensor(values[index]!, variable.shape)));
    }
  }

  dispose(): void {
    this.#graph.session.close();
  }

  /** Makes the feeds of a whole step. */
  #feedsOf(batch: Batch, prefix: string, learningRate: number): Map<string, Feed> {
    const { loss, seed } = this.#graph;
    const shape = [batch.size, ...this.#inputShape];
    const feeds = new Map<string, Feed>([
      ['seed', { shape: [2], values: dropoutSeed(seed, this.#count) }],
      [`${prefix}/features`, { shape, values: numbersOf(batch.rows) }],
      ...sharedFeeds(learningRate, this.#count + 1),
    ]);
    mapInputs(lossFeeds(loss, batch), (feed, name) => feeds.set(`${prefix}/${name}`, feed));
    return feeds;
  }

  /** Sets all variables. */
  #write(valuesOf: (name: string) => Float32Array): void {
    const { session, variables } = this.#graph;
    const feeds = Array.from(variables, ([name, { node, shape }]): [string, Feed] => [
      `${node}/new`,
      { shape, values: valuesOf(name) },
    ]);
    session.run(new Map(feeds), ['written']);
  }

  /** Reads variables by their names in a state. */
  #read(names: readonly string[]): Float32Array[] {
    const { session, variables } = this.#graph;
    const readers = names.map((name) => variables.get(name)!.reader);
    return session.run(new Map(), readers);
  }
}

/** Weight or slot in the graph. */
interface Variable {
  /** Name of its handle. */
  readonly node: string;
  /** Output with its value. */
  readonly reader: string;
  readonly shape: readonly number[];
}

/** Lists the variables by their names in a state: weights, then slots. */
function variablesOf(
  model: tfTypes.LayersModel,
  config: OptimizerConfig,
): ReadonlyMap<string, Variable> {
  const slots = parametersOf(model).flatMap(({ name, variable: { shape } }) =>
    slotNames[config.optimizer].map((slot) => ({ name: slotKey(config, slot, name), shape })),
  );
  const weights = weightsOf(model).map(({ name, variable: { shape } }) => ({ name, shape }));
  return new Map(
    [...weights, ...slots].map(({ name, shape }, index) => {
      // Not the layer's name, which may have letters that are not allowed in a node's name.
      const node = `variable${index}`;
      return [name, { node, reader: `${node}/read`, shape }];
    }),
  );
}

/** Makes the nodes of the variables, and the node `written` that sets all of them. */
function variableNodes(variables: ReadonlyMap<string, Variable>): Node[] {
  const nodes = Array.from(variables.values(), ({ node, shape }) => [
    ...variable(node, shape),
    placeholder(`${node}/new`, shape),
    assign(`${node}/write`, node, `${node}/new`),
  ]);
  const writes = Array.from(variables.values(), ({ node }) => `${node}/write`);
  return [...nodes.flat(), identity('written', 'zero', writes)];
}

function recordAll(
  model: tfTypes.LayersModel,
  batchSizes: readonly number[],
  variables: ReadonlyMap<string, Variable>,
  objective: StepObjective,
): RecordedStep[] {
  fuseReluGradient();
  const seed: { tensor: tfTypes.Tensor | undefined } = { tensor: undefined };
  const unfuse = fuseLayers(model, () => seed.tensor!);
  const readers = new Map(Array.from(variables, ([name, { reader }]) => [name, reader]));
  try {
    return batchSizes.map((size) => recordStep(model, size, readers, seed, objective));
  } finally {
    unfuse();
  }
}

/**
 * Makes a recorded step with its updates, whole (`<prefix>/done`) and halved
 * (`<prefix>/late/done`).
 */
function stepNodes(
  step: RecordedStep,
  parameters: readonly Parameter[],
  config: OptimizerConfig,
  variables: ReadonlyMap<string, Variable>,
): Node[] {
  const averages = Array.from(step.averages, ([name, value]) => {
    const { node, reader } = variables.get(name)!;
    return assign(`${step.prefix}/${node}/move`, node, value, [reader]);
  });
  const averageNames = averages.map(({ name }) => name);
  const cut = halves(step, averageNames);
  return [
    ...step.nodes,
    ...averages,
    ...cut.nodes,
    ...updates(step, parameters, config, variables, averageNames),
    ...updates(cut.second, parameters, config, variables, []),
  ];
}

/** Makes the updates of all parameters, and `<prefix>/done`: the loss after them and `others`. */
function updates(
  { prefix, loss, gradients }: Pick<RecordedStep, 'prefix' | 'loss' | 'gradients'>,
  parameters: readonly Parameter[],
  config: OptimizerConfig,
  variables: ReadonlyMap<string, Variable>,
  others: readonly string[],
): Node[] {
  const trained = parameters.filter(({ name }) => gradients.has(name));
  const nodes = trained.map((parameter) => {
    const { node } = variables.get(parameter.name)!;
    const slots = slotNames[config.optimizer].map(
      (slot) => variables.get(slotKey(config, slot, parameter.name))!.node,
    );
    const gradient = gradients.get(parameter.name)!;
    const decay = decayOf(parameter, config);
    const { rateFactor } = parameter;
    const name = `${prefix}/${node}/update`;
    return updateNodes({ name, variable: node, slots, gradient, decay, rateFactor }, config);
  });
  const done = [...nodes.map((update) => update.at(-1)!.name), ...others];
  return [...nodes.flat(), identity(`${prefix}/done`, loss, done)];
}

function zerosOf({ shape }: Variable): Float32Array {
  return new Float32Array(tf.util.sizeFromShape([...shape]));
}

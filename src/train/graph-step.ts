import { numbersOf } from '../data/features/kind.ts';
import { type Feed, openSession } from '../models/graph-session.ts';
import type { Node } from '../models/saved-graph.ts';
import { inputShapeOf } from '../models/topology.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { dropoutSeed, fuseLayers, fuseReluGradient } from './fused-kernels.ts';
import { halves } from './graph/halves.ts';
import { assign, identity, placeholder, variable } from './graph/nodes.ts';
import { type RecordedStep, recordStep, type StepObjective } from './graph/recorded-step.ts';
import { sharedFeeds, sharedNodes, updateNodes } from './graph/update.ts';
import { lossFeeds, lossShares, mapInputs } from './loss.ts';
import { defaultLoss, openLoss } from './losses/index.ts';
import { decayOf, type OptimizerConfig, slotKey, slotNames } from './optimizer-rules.ts';
import { type Parameter, parametersOf, weightsOf } from './parameters.ts';
import { checkState, type State, type StepSettings, stepsName, type TrainingStep } from './step.ts';

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
  const weights = weightsOf(model);
  const inputShape = inputShapeOf(model);
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
  const probabilitiesOf = new Map(
    steps.map(({ prefix, probabilities }) => [prefix, probabilities]),
  );
  let count = 0;

  const write = (values: (name: string) => Float32Array): void => {
    const feeds = Array.from(variables, ([name, { node, shape }]): [string, Feed] => [
      `${node}/new`,
      { shape, values: values(name) },
    ]);
    session.run(new Map(feeds), ['written']);
  };
  const read = (names: readonly string[]): Float32Array[] =>
    session.run(
      new Map(),
      names.map((name) => variables.get(name)!.reader),
    );

  const start = new Map(weights.map(({ name, variable }) => [name, variable]));
  write((name) => start.get(name)?.dataSync<'float32'>() ?? zerosOf(variables.get(name)!));

  return {
    run(batch, learningRate, reweigh) {
      const prefix = `batch${batch.size}`;
      const features = { shape: [batch.size, ...inputShape], values: numbersOf(batch.rows) };
      const feeds = new Map<string, Feed>([
        ['seed', { shape: [2], values: dropoutSeed(seed, count) }],
        [`${prefix}/features`, features],
      ]);
      mapInputs(lossFeeds(lossFunction, batch), (feed, name) =>
        feeds.set(`${prefix}/${name}`, feed),
      );
      for (const [name, feed] of sharedFeeds(learningRate, count + 1)) feeds.set(name, feed);
      if (!reweigh) {
        const outputs = [`${prefix}/done`, probabilitiesOf.get(prefix)!];
        const [value, probabilities] = session.run(feeds, outputs);
        count++;
        return { loss: value![0]!, weights: batch.weights, probabilities: probabilities! };
      }
      const [probabilities] = session.run(feeds, [`${prefix}/first`]);
      const weights = reweigh(batch, probabilities!);
      const shares = feeds.get(`${prefix}/shares`)!;
      feeds.set(`${prefix}/shares`, { ...shares, values: lossShares(weights) });
      const [value] = session.run(feeds, [`${prefix}/late/done`]);
      count++;
      return { loss: value![0]!, weights, probabilities: probabilities! };
    },

    state() {
      const names = [...variables.keys()];
      const values = read(names);
      const state: State = new Map(
        names.map((name, index) => [
          name,
          { shape: [...variables.get(name)!.shape], values: values[index]! },
        ]),
      );
      return state.set(stepsName, { shape: [], values: Float32Array.of(count) });
    },

    restore(state) {
      const shapes = new Map(Array.from(variables, ([name, { shape }]) => [name, shape]));
      count = checkState(state, shapes).steps;
      write((name) => state.get(name)!.values);
    },

    updateModel() {
      const values = read(weights.map(({ name }) => name));
      for (const [index, { variable }] of weights.entries()) {
        tf.tidy(() => variable.assign(tf.tensor(values[index]!, variable.shape)));
      }
    },

    dispose: () => session.close(),
  };
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

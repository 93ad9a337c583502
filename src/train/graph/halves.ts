/**
 * Cuts a recorded step in two where it needs the weights: what does not depend on them, up to what
 * the student says of the batch, and the rest. In between JavaScript makes the weights. What the
 * second half needs of the first is staged in the session, without a copy.
 */
import { attribute } from '../kernels.ts';
import { control, identity, node } from './nodes.ts';
import type { RecordedStep } from './recorded-step.ts';
import type { Node, TensorKind } from './saved-model.ts';

export interface Halves {
  readonly nodes: readonly Node[];
  /** To be run first: gives the probabilities. */
  readonly first: string;
  /** The second half as a step of its own. */
  readonly second: Pick<RecordedStep, 'prefix' | 'loss' | 'gradients'>;
}

/** @param averages the nodes that move the averages of batch norm: part of the first half. */
export function halves(step: RecordedStep, averages: readonly string[]): Halves {
  const { prefix, nodes, loss, probabilities, gradients } = step;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const late = lateNodes(step);

  /** Outputs of the first half that the second needs. */
  const staged: string[] = [];
  const inSecond = (output: string): string => {
    const { name } = place(output);
    const source = byName.get(name);
    // What is there anyway: weights, inputs and constants.
    if (!source || source.op === 'Placeholder' || source.op === 'Const') return output;
    if (late.has(name)) return `${prefix}/late/${output}`;
    if (!staged.includes(output)) staged.push(output);
    return `${prefix}/unstage:${staged.indexOf(output)}`;
  };
  const second = nodes
    .filter(({ name, op }) => late.has(name) && op !== 'Placeholder')
    .map((node) => ({ ...node, name: inSecond(node.name), inputs: node.inputs.map(inSecond) }));
  const secondStep = {
    prefix: `${prefix}/late`,
    loss: inSecond(loss),
    gradients: new Map(Array.from(gradients, ([name, output]) => [name, inSecond(output)])),
  };

  const kinds = staged.map((output): TensorKind => {
    const { name, index } = place(output);
    return byName.get(name)!.outputs![index]!;
  });
  const first = `${prefix}/first`;
  return {
    nodes: [
      ...second,
      ...staging(prefix, staged, kinds),
      identity(first, probabilities, [`${prefix}/stage`, ...averages]),
    ],
    first,
    second: secondStep,
  };
}

/**
 * The nodes of the second half: those that depend on the weights (and the placeholder that gives
 * them), and max pools, which are computed in both halves: TensorFlow's fast kernel for their gradient
 * is for graphs that have the pool in them, and the other one takes ten times as long as the pool.
 */
function lateNodes({ prefix, nodes }: RecordedStep): Set<string> {
  const late = new Set([`${prefix}/shares`]);
  for (const { name, inputs } of nodes) {
    if (inputs.some((input) => late.has(place(input).name))) late.add(name);
  }
  for (const { name, op } of nodes) if (op === 'MaxPool') late.add(name);
  return late;
}

/** What puts the outputs aside (`stage`) and what takes them from there (`unstage`). */
function staging(prefix: string, outputs: readonly string[], kinds: readonly TensorKind[]): Node[] {
  const types = attribute(
    'dtypes',
    'TYPE',
    kinds.map(({ type }) => type),
  );
  const attributes = [types, attribute('shared_name', 'STRING', `${prefix}/staged`)];
  return [
    // Nothing is there but where the second half was never run.
    node(`${prefix}/clear`, 'StageClear', [], attributes),
    node(`${prefix}/stage`, 'Stage', [...outputs, control(`${prefix}/clear`)], attributes),
    node(`${prefix}/unstage`, 'Unstage', [], attributes),
  ];
}

/** The node that an output is of, and which of its outputs it is: `conv:1` is the second of conv. */
function place(output: string): { name: string; index: number } {
  const [name, index = '0'] = output.split(':');
  return { name: name!, index: Number(index) };
}

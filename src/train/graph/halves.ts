/**
 * Cuts a recorded step in two: the part that does not depend on the weights, up to the student's
 * probabilities, and the rest. Between them, JavaScript computes the weights. Outputs of the first
 * half that the second needs are staged in the session, without a copy.
 */
import { attribute } from '../../models/kernels.ts';
import type { Node, TensorKind } from '../../models/saved-graph.ts';
import { control, identity, node } from './nodes.ts';
import type { RecordedStep } from './recorded-step.ts';

export interface Halves {
  readonly nodes: readonly Node[];
  /** Output to run first: the probabilities. */
  readonly first: string;
  /** Second half, as a separate step. */
  readonly second: Pick<RecordedStep, 'prefix' | 'loss' | 'gradients'>;
}

/** Cuts a step. @param averages nodes that move the averages of batch norm, in the first half. */
export function halves(step: RecordedStep, averages: readonly string[]): Halves {
  const { prefix, nodes, loss, probabilities, gradients } = step;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const late = lateNodes(step);

  /** Outputs of the first half that the second needs. */
  const staged: string[] = [];
  const inSecond = (output: string): string => {
    const { name } = parseOutput(output);
    const source = byName.get(name);
    // Weights, inputs and constants are available in both halves.
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
    const { name, index } = parseOutput(output);
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
 * Lists the nodes of the second half: those that depend on the placeholder of the weights, and max
 * pools, which both halves compute. TensorFlow's fast kernel for their gradient needs the pool in
 * the same graph, and the other kernel takes ten times as long as the pool.
 */
function lateNodes({ prefix, nodes }: RecordedStep): Set<string> {
  const late = new Set([`${prefix}/shares`]);
  for (const { name, inputs } of nodes) {
    if (inputs.some((input) => late.has(parseOutput(input).name))) late.add(name);
  }
  for (const { name, op } of nodes) if (op === 'MaxPool') late.add(name);
  return late;
}

/** Makes the nodes that store outputs (`stage`) and retrieve them (`unstage`). */
function staging(prefix: string, outputs: readonly string[], kinds: readonly TensorKind[]): Node[] {
  const types = attribute(
    'dtypes',
    'TYPE',
    kinds.map(({ type }) => type),
  );
  const attributes = [types, attribute('shared_name', 'STRING', `${prefix}/staged`)];
  return [
    // Removes the staged outputs of a first half whose second half was not run.
    node(`${prefix}/clear`, 'StageClear', [], attributes),
    node(`${prefix}/stage`, 'Stage', [...outputs, control(`${prefix}/clear`)], attributes),
    node(`${prefix}/unstage`, 'Unstage', [], attributes),
  ];
}

/** Splits an output into its node and its index: `conv:1` is the second output of conv. */
function parseOutput(output: string): { name: string; index: number } {
  const [name, index = '0'] = output.split(':');
  return { name: name!, index: Number(index) };
}

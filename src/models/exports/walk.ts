/** Converts a network to operations: follows its outputs back to its inputs, layer by layer. */
import type { tfTypes } from '../../tensorflow.ts';
import { layerSteps } from './layer-steps.ts';
import { type LayerWeight, NotExportable, type OperationList, type Value } from './operations.ts';

type Layer = tfTypes.SymbolicTensor['sourceLayer'];

/** A network, also as a layer of another. */
interface Inner {
  readonly inputs: readonly tfTypes.SymbolicTensor[];
  readonly outputs: readonly tfTypes.SymbolicTensor[];
}

/**
 * Appends the operations of a network with one output.
 * @param inputs One per input of the network.
 * @throws NotExportable with the first layer that has no operations.
 */
export function appendNetwork(
  list: OperationList,
  { inputs: sources, outputs }: Inner,
  inputs: readonly Value[],
): Value {
  return follow(list, outputs[0]!, new Map(sources.map(({ id }, index) => [id, inputs[index]!])));
}

/** @param known Values by the ids of their tensors; a tensor is computed once. */
function follow(
  list: OperationList,
  tensor: tfTypes.SymbolicTensor,
  known: Map<number, Value>,
): Value {
  const found = known.get(tensor.id);
  if (found) return found;
  const { sourceLayer: layer } = tensor;
  const inputs = tensor.inputs.map((input) => follow(list, input, known));
  const value = isInner(layer)
    ? appendNetwork(list, oneOutput(layer, tensor.tensorIndex), inputs)
    : appendLayer(list, layer, inputs, tensor.shape.slice(1).map(Number));
  known.set(tensor.id, value);
  return value;
}

function isInner(layer: Layer | (Layer & Inner)): layer is Layer & Inner {
  return 'outputs' in layer && 'inputs' in layer;
}

function oneOutput({ inputs, outputs }: Inner, index: number): Inner {
  return { inputs, outputs: [outputs[index]!] };
}

function appendLayer(
  list: OperationList,
  layer: Layer,
  inputs: readonly Value[],
  shape: readonly number[],
): Value {
  const kind = layer.getClassName();
  const source = {
    kind,
    config: layer.getConfig(),
    inputs: inputs.map((input) => input.shape),
    output: shape,
    weight: (name: string) => weightOf(layer, name),
  };
  try {
    let values = inputs;
    layerSteps(source).forEach((step, index) => {
      const name = index === 0 ? layer.name : `${layer.name}_${nameOf(step)}`;
      values = [list.add(name, step, values, step.shape ?? shape)];
    });
    return values[0]!;
  } catch (error) {
    if (!(error instanceof NotExportable)) throw error;
    throw new NotExportable(`its layer '${layer.name}' is ${kind}, and ${error.message}`);
  }
}

function nameOf(step: ReturnType<typeof layerSteps>[number]): string {
  return step.kind === 'activation' ? step.by : step.kind;
}

function weightOf({ weights }: Layer, name: string): LayerWeight | undefined {
  const weight = weights.find(({ originalName }) => originalName.split('/').at(-1) === name);
  if (!weight) return undefined;
  return { shape: weight.shape.map(Number), values: weight.read().dataSync<'float32'>() };
}

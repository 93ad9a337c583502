/** Weights of PyTorch in a safetensors file, for the layers of a built-in architecture. */
import { UserError } from '../../errors.ts';
import type { tfTypes } from '../../tensorflow.ts';
import { floatsOf, floatTypes, parseSafetensors, type StoredTensor } from '../safetensors.ts';
import { requireFinite } from './own-weights.ts';

/** Names of the modules of a library, by our layers. */
export interface Naming {
  /** The library, for messages. */
  readonly source: string;
  /**
   * Returns the module of a layer with weights.
   * @example moduleOf('stage1_block1_conv1'); // 'layer1.0.conv1'
   */
  readonly moduleOf: (layer: string) => string;
}

/** Name of the layer that is initialized from the seed if the file's has another shape. */
const classifier = 'classes';

/** Number of tensors that a message names. */
const namedTensors = 5;

/** A weight of a model, and where it is in PyTorch's file. */
interface Target {
  readonly layer: string;
  readonly variable: tfTypes.LayerVariable;
  /** Name of the tensor. */
  readonly tensor: string;
  readonly axes: Axes;
}

/** Order of the axes of a weight: in the file, by the axes of ours. Undefined: the same. */
type Axes = readonly number[] | undefined;

/** Names and axes of weights, by our names of them and their ranks. */
const kinds: Readonly<
  Record<string, { readonly suffix: string; readonly axes?: readonly number[] }>
> = {
  kernel4: { suffix: 'weight', axes: [2, 3, 1, 0] },
  depthwise_kernel4: { suffix: 'weight', axes: [2, 3, 0, 1] },
  kernel2: { suffix: 'weight', axes: [1, 0] },
  bias1: { suffix: 'bias' },
  gamma1: { suffix: 'weight' },
  beta1: { suffix: 'bias' },
  moving_mean1: { suffix: 'running_mean' },
  moving_variance1: { suffix: 'running_var' },
};

/** Weights that were loaded. */
export interface LoadedWeights {
  /** The library whose names the file has. */
  readonly naming: Naming;
  /** Why the last layer is not from the file; undefined if it is. */
  readonly fresh?: string;
}

/**
 * Sets a model's weights to those of a file. The last layer keeps its own if the file has none, or
 * one for another number of classes.
 *
 * @param namings The libraries whose names are recognized.
 * @param key The file's key, for errors.
 * @throws UserError if a tensor is missing, unexpected, of another shape or type, or not finite.
 */
export async function loadTorchWeights(
  model: tfTypes.LayersModel,
  file: Uint8Array,
  namings: readonly Naming[],
  key: string,
): Promise<LoadedWeights> {
  const { tf } = await import('../../tensorflow.ts');
  const { tensors } = parseSafetensors(file, key);
  const naming = namingOf(model, tensors, namings, key);
  const targets = targetsOf(model, naming);
  requireSameNames(model.name, targets, tensors, naming, key);
  const fresh = whyFresh(targets, tensors);
  for (const { layer, variable, tensor, axes } of targets) {
    if (layer === classifier && fresh !== undefined) continue;
    const stored = tensors.get(tensor)!;
    requireShape(tensor, stored, variable.shape.map(Number), axes, model.name, key);
    const values = floatsOf(stored);
    requireFinite(tensor, values, key);
    requireVariance(tensor, values, key);
    tf.tidy(() => {
      const value = tf.tensor(values, [...stored.shape]);
      variable.write(axes ? value.transpose([...axes]) : value);
    });
  }
  return { naming, ...(fresh !== undefined && { fresh }) };
}

/** Lists the weights of a model in the names of a library. */
function targetsOf(model: tfTypes.LayersModel, { moduleOf }: Naming): Target[] {
  return model.weights.map((variable) => {
    const [layer = '', name = ''] = variable.originalName.split('/');
    const { suffix, axes } = kinds[`${name}${variable.shape.length}`]!;
    return { layer, variable, tensor: `${moduleOf(layer)}.${suffix}`, axes };
  });
}

/** Returns the naming with most tensors in the file. */
function namingOf(
  model: tfTypes.LayersModel,
  tensors: ReadonlyMap<string, StoredTensor>,
  namings: readonly Naming[],
  key: string,
): Naming {
  const counts = namings.map((naming) => ({
    naming,
    count: targetsOf(model, naming).filter(({ tensor }) => tensors.has(tensor)).length,
  }));
  const [best] = counts.sort((a, b) => b.count - a.count);
  if (best && best.count > 0) return best.naming;
  const sources = namings.map(({ source }) => source).join(' or ');
  const prefix = prefixOf(model, tensors, namings);
  throw new UserError(
    `'${key}' has none of the tensors of ${model.name} by the names of ${sources}; it has ${listed([...tensors.keys()])}.`,
    prefix === undefined
      ? 'Write it with save_file(model.state_dict(), …), as docs/configuration.md shows.'
      : `Its names are these after '${prefix}': save the state_dict of that part of the model.`,
  );
}

/** Returns the text before the names of a network that is part of another, such as "module.". */
function prefixOf(
  model: tfTypes.LayersModel,
  tensors: ReadonlyMap<string, StoredTensor>,
  namings: readonly Naming[],
): string | undefined {
  const firsts = namings.map((naming) => `.${targetsOf(model, naming)[0]!.tensor}`);
  for (const name of tensors.keys()) {
    const first = firsts.find((end) => name.endsWith(end));
    if (first !== undefined) return name.slice(0, 1 - first.length);
  }
  return undefined;
}

/** Throws if the file is of another network: tensors are missing, or too many. */
function requireSameNames(
  network: string,
  targets: readonly Target[],
  tensors: ReadonlyMap<string, StoredTensor>,
  { source }: Naming,
  key: string,
): void {
  const known = new Set(targets.map(({ tensor }) => tensor));
  const missing = targets.filter(
    ({ layer, tensor }) => layer !== classifier && !tensors.has(tensor),
  );
  const more = [...tensors.keys()].filter(
    (name) => !known.has(name) && !name.endsWith('.num_batches_tracked'),
  );
  if (missing.length === 0 && more.length === 0) return;
  const found = [
    missing.length > 0 ? `lacks ${listed(missing.map(({ tensor }) => tensor))}` : '',
    more.length > 0 ? `has ${listed(more)} as well` : '',
  ].filter(Boolean);
  throw new UserError(
    `'${key}' is not the ${network} of ${source}: it ${found.join(', and ')}.`,
    `Give the weights of ${network}, or another architecture.`,
  );
}

/** Returns why the last layer is not taken from the file; undefined if it is. */
function whyFresh(
  targets: readonly Target[],
  tensors: ReadonlyMap<string, StoredTensor>,
): string | undefined {
  const own = targets.filter(({ layer }) => layer === classifier);
  const [bias] = own.filter(({ axes }) => axes === undefined);
  const stored = own.map(({ tensor }) => tensors.get(tensor));
  if (stored.includes(undefined)) return 'has no last layer';
  const [had, has] = [tensors.get(bias!.tensor)!.shape[0], Number(bias!.variable.shape[0])];
  return had === has ? undefined : `has a last layer for ${had} classes, and the task has ${has}`;
}

function requireShape(
  tensor: string,
  { shape, dtype }: StoredTensor,
  own: readonly number[],
  axes: Axes,
  network: string,
  key: string,
): void {
  const expected = axes ? own.map((_, axis) => own[axes.indexOf(axis)]!) : own;
  const fits =
    shape.length === expected.length && shape.every((size, axis) => size === expected[axis]);
  if (!fits) {
    throw new UserError(
      `'${key}': the tensor '${tensor}' is [${shape}], and that of ${network} is [${expected}].`,
      `Give the weights of ${network}: another network may have the same names.`,
    );
  }
  if (!floatTypes.includes(dtype)) {
    throw new UserError(
      `'${key}': the tensor '${tensor}' is of the type ${dtype}; expected ${floatTypes.join(', ')}.`,
      'Write the weights as float32 (model.float() in PyTorch), before a quantization.',
    );
  }
}

/** Suffix of the averages of batch norm that are variances. */
const variance = '.running_var';

function requireVariance(tensor: string, values: Float32Array, key: string): void {
  if (!tensor.endsWith(variance) || values.every((value) => value >= 0)) return;
  throw new UserError(
    `'${key}': the tensor '${tensor}' has a negative variance.`,
    'The file is damaged, or is not that of a trained network: write it again.',
  );
}

function listed(names: readonly string[]): string {
  const rest = names.length - namedTensors;
  return `${names.slice(0, namedTensors).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

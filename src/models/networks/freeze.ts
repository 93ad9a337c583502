/** The fields of networks that start from weights, which decide what is trained and how fast. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { tfTypes } from '../../tensorflow.ts';
import type { Topology } from '../topology.ts';
import { asLayers, type TrainableModel } from '../trainable.ts';

export const fineTuningFields = {
  freeze: z
    .array(z.string().min(1))
    .default([])
    .describe('Layers that are not trained: names, or patterns such as block1_*.'),
  pretrainedRate: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Factor on the learning rate of all layers but the last.'),
};

/** Values of the fields. */
type FineTuning = z.infer<z.ZodObject<typeof fineTuningFields>>;

/** Throws if the fields are for weights that a network of random weights does not have. */
export function requireNoFineTuning({ freeze, pretrainedRate }: FineTuning, hint: string): void {
  if (freeze.length === 0 && pretrainedRate === 1) return;
  throw new UserError(
    'freeze and pretrainedRate are for a network that starts from weights, and weights is random.',
    `${hint}, or remove freeze and pretrainedRate.`,
  );
}

/** Returns the factor on the learning rate of each weight: 1 in the last layer that has weights. */
export function pretrainedRates(
  { pretrainedRate }: Pick<FineTuning, 'pretrainedRate'>,
  trained: TrainableModel,
): (weight: string) => number {
  const last = layersWithin(asLayers(trained)).findLast(({ weights }) => weights.length > 0);
  const fresh = new Set(last?.weights.map(({ originalName }) => originalName));
  return (weight) => (fresh.has(weight) ? 1 : pretrainedRate);
}

/** Lists the names of the layers with weights that are not trained. */
export function frozenLayers(model: tfTypes.LayersModel): string[] {
  return layersWithin(model)
    .filter(({ trainable, weights }) => !trainable && weights.length > 0)
    .map(({ name }) => name);
}

/** Lists the layers of a model, with those of a model inside in its place. */
export function layersWithin(model: tfTypes.LayersModel): tfTypes.layers.Layer[] {
  return model.layers.flatMap((layer) =>
    'layers' in layer ? layersWithin(layer as tfTypes.LayersModel) : [layer],
  );
}

/** Number of layers that a message names. */
const namedLayers = 10;

/** A layer inside another; its config is the object of the topology, to be changed. */
const innerSchema = z.looseObject({ config: z.custom<Record<string, unknown>>(isObject) });

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/**
 * Freezes layers of a topology, and all layers inside them: they are not trained. A layer that the
 * file freezes is treated alike.
 *
 * @param patterns names of layers; `*` stands for any text.
 * @param key the topology's file, or the architecture, for errors.
 * @throws UserError if a pattern fits no layer.
 * @example freezeLayers(topology, ['block1_*', 'stem'], 'student/model.json');
 */
export function freezeLayers(topology: Topology, patterns: readonly string[], key: string): void {
  const { layers } = topology.config;
  for (const pattern of patterns) {
    const expression = expressionOf(pattern);
    const chosen = layers.filter(({ config }) => expression.test(config.name));
    if (chosen.length === 0) {
      const names = layers.map(({ config }) => config.name);
      const more = names.length > namedLayers ? `, and ${names.length - namedLayers} more` : '';
      throw new UserError(
        `freeze: '${pattern}' fits no layer of '${key}'.`,
        `Its layers: ${names.slice(0, namedLayers).join(', ')}${more}.`,
      );
    }
    for (const { config } of chosen) config.trainable = false;
  }
  for (const { config } of layers) if (config.trainable === false) freezeInner(config);
}

/** Freezes the layers inside a layer, such as a model or a wrapper: tfjs ignores the outer flag. */
function freezeInner(config: Record<string, unknown>): void {
  for (const inner of [config.layers, config.layer].flat()) {
    const parsed = innerSchema.safeParse(inner);
    if (!parsed.success) continue;
    parsed.data.config.trainable = false;
    freezeInner(parsed.data.config);
  }
}

/** Makes the regular expression of a pattern in which `*` stands for any text. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((text) => text.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** Makes the error about a network without a layer to train. */
export function nothingToTrain(key: string): UserError {
  return new UserError(
    `'${key}' has no layer to train: all are frozen.`,
    'Leave at least the last layer out of freeze, with trainable: true.',
  );
}

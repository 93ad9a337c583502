import { UserError } from '../../errors.ts';
import type { Topology } from '../topology.ts';

/** Number of layers that a message names. */
const namedLayers = 10;

/**
 * Freezes layers of a topology: they are not trained.
 *
 * @param patterns names of layers; `*` stands for any text.
 * @param key the topology's file, for errors.
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
}

/** Makes the regular expression of a pattern in which `*` stands for any text. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((text) => text.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

import { z } from 'zod';
import type { HeadNetwork } from '../networks/head.ts';
import { type NetworkConfig, networkSchema } from '../networks/index.ts';
import type { TeacherKind } from './teacher-kind.ts';

/** Losses that need one class per example: a mixed example has two. */
export const lossesWithoutMixup: readonly string[] = ['mcmi'];

/** Maximum number of teachers in a list. */
const maxMembers = 8;

/** A teacher that Train teacher trains on the labeled set, and `openTrained` opens. */
export const trainedKind = {
  name: 'train',
  fields: {
    train: z
      .union([networkSchema, z.array(networkSchema).min(1).max(maxMembers)])
      .optional()
      .describe(
        'Train a teacher on the labeled set. A list trains several, and labels that they did not learn decide how they are mixed (docs/methods.md).',
      ),
    loss: z
      .enum(['crossEntropy', 'mse', 'mcmi'])
      .default('crossEntropy')
      .describe(
        'Loss of a teacher that we train. mse: better estimates of the class probabilities; mcmi: outputs that differ more within a class. Both are for students with soft labels (docs/methods.md).',
      ),
    mcmi: z
      .strictObject({
        epochs: z.int().min(1).default(20).describe('Further epochs, after those of train.'),
        strength: z
          .number()
          .positive()
          .default(0.15)
          .describe('Weight of the diversity term relative to cross-entropy.'),
      })
      .prefault({}),
  },
  supplied: false,
  isModel: true,
} as const satisfies TeacherKind;

/**
 * Lists the networks of a teacher that counterweight trains; none for a user-supplied one.
 *
 * @example membersOf({ train: [mlp, convnet] }) // [mlp, convnet]
 */
export function membersOf({
  train,
}: {
  readonly train?: NetworkConfig | readonly NetworkConfig[] | undefined;
}): readonly NetworkConfig[] {
  if (train === undefined) return [];
  return 'length' in train ? train : [train];
}

/** Lists the networks of a teacher that counterweight trains, each with its field in the config. */
export function memberFields(teacher: {
  readonly train?: NetworkConfig | readonly NetworkConfig[] | undefined;
}): { readonly path: (string | number)[]; readonly network: NetworkConfig }[] {
  const isList = teacher.train !== undefined && 'length' in teacher.train;
  return membersOf(teacher).map((network, index) => ({
    path: ['teacher', 'train', ...(isList ? [index] : [])],
    network,
  }));
}

/** The fields of a network that name it. */
type Named =
  | { readonly architecture: NonNullable<NetworkConfig['architecture']> }
  | (Pick<HeadNetwork, 'head' | 'encoder'> & { readonly architecture?: undefined });

/**
 * Names the networks in messages: by architecture, or by head and folder of the encoder, with a
 * number if two have the same.
 *
 * @example memberNames([{ architecture: 'mlp' }, { architecture: 'mlp' }]) // ['mlp 1', 'mlp 2']
 */
export function memberNames(members: readonly Named[]): string[] {
  const all = members.map((member) =>
    member.architecture === undefined
      ? `${member.head} head on ${shortName(member.encoder.path)}`
      : member.architecture,
  );
  return all.map((name, index) => {
    if (all.filter((other) => other === name).length === 1) return name;
    return `${name} ${all.slice(0, index + 1).filter((other) => other === name).length}`;
  });
}

/** Returns the last part of an encoder's path. */
function shortName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1)!.replace(/@.*/, '');
}

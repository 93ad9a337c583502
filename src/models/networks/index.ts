/** The table of architectures: students, and teachers that we train. */
import { z } from 'zod';
import type { Task } from '../../data/features/index.ts';
import { tableOf } from '../../table.ts';
import type { EncoderConfig } from '../encoders/config.ts';
import type { Architecture } from './architecture.ts';
import { convnet } from './convnet.ts';
import { efficientnetLite0 } from './efficientnet-lite0.ts';
import { headArchitecture, headSchema } from './head.ts';
import { customNetwork } from './layers-model.ts';
import { mlp } from './mlp.ts';
import { mobilenetv2 } from './mobilenetv2.ts';
import { ngrams } from './ngrams.ts';
import { resnet } from './resnet.ts';
import { resnet18 } from './resnet18.ts';
import { resnet50 } from './resnet50.ts';

const rows = [
  mlp,
  convnet,
  resnet,
  resnet18,
  resnet50,
  mobilenetv2,
  efficientnetLite0,
  ngrams,
  customNetwork,
] as const;

export const architectures = tableOf(...rows);

/** The schemas of rows, as a tuple. */
type Schemas<Rows extends readonly { readonly schema: unknown }[]> = {
  [Index in keyof Rows]: Rows[Index]['schema'];
};

// The type of `map` does not show which schema is at which index.
const schemas = rows.map(({ schema }) => schema) as unknown as Schemas<typeof rows>;

export const networkSchema = z.discriminatedUnion('architecture', [...schemas, headSchema]);
/** A network in distill.yaml: its architecture, or its encoder and head, and its training. */
export type NetworkConfig = z.infer<typeof networkSchema>;
/** A network whose training has a length (`training-length.ts`). */
export type Network = NetworkConfig & { epochs: number; batchSize: number };

/**
 * Returns the row of a network.
 * @example architectureOf(config.student).build(config.student, problem, seed)
 */
export function architectureOf(network: NetworkConfig): Architecture<NetworkConfig> {
  const row =
    network.architecture === undefined ? headArchitecture : architectures[network.architecture];
  // TypeScript does not see that a network has the fields of its own architecture.
  return row as Architecture<NetworkConfig>;
}

/** Returns whether a network is a linear head, which a teacher learns by logistic regression. */
export function isLinearHead(network: NetworkConfig): boolean {
  return network.architecture === undefined && network.head === 'linear';
}

/**
 * Returns whether cross-validation chooses the L2 penalty of a student: of a linear head whose
 * config sets no weightDecay.
 */
export function isPenalized(student: NetworkConfig): boolean {
  return isLinearHead(student) && student.weightDecay === 0;
}

/** Returns the encoder whose embeddings a network reads; undefined if it reads the examples. */
export function encoderOf(network: NetworkConfig): EncoderConfig | undefined {
  return network.architecture === undefined ? network.encoder : undefined;
}

/** Returns the names of the architectures that support a type of task. */
export function architecturesFor(task: Task['type']): string[] {
  return rows.filter(({ tasks }) => tasks?.includes(task) ?? true).map(({ name }) => name);
}

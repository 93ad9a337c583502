/** Reads the structure of a tfjs GraphModel: its nodes, and the outputs of its signature. */
import { z } from 'zod';
import { fieldsOf, listOf } from '../../wide-schemas.ts';
import { maxNodes } from '../allowed/budget.ts';
import { dimension, dtypeName, type Port } from '../teachers/loaded-model.ts';
import { maxAxes } from '../tensor-list.ts';
import { type GraphNode, type ModelGraph, producersOf } from './model-graph.ts';

const signatureSchema = z.looseObject({
  outputs: fieldsOf(
    z.looseObject({
      name: z.string().nullish(),
      dtype: z.string().nullish(),
      tensorShape: z
        .looseObject({ dim: listOf(z.looseObject({ size: z.coerce.number() }), maxAxes).nullish() })
        .nullish(),
    }),
    maxNodes,
  ),
});
/** Converters write the signature in one of two places. */
const modelSchema = z.looseObject({
  modelTopology: z.looseObject({
    node: listOf(
      z.looseObject({
        name: z.string(),
        op: z.string(),
        input: listOf(z.string(), maxNodes).default([]),
      }),
      maxNodes,
    ),
  }),
  signature: signatureSchema.optional().catch(undefined),
  userDefinedMetadata: z
    .looseObject({ signature: signatureSchema.optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

/** Nodes that compute nothing: inputs and weights. */
const sources = ['Placeholder', 'PlaceholderWithDefault', 'Const'];

/**
 * Parses the JSON of a `model.json`. Without a signature, its outputs are the nodes that no other
 * node reads, as in tfjs.
 * @returns undefined if it has no graph; tfjs then reports what is wrong.
 */
export function graphModelGraph(json: unknown): ModelGraph | undefined {
  const parsed = modelSchema.safeParse(json).data;
  if (parsed === undefined) return undefined;
  const nodes = parsed.modelTopology.node.map(({ name, op, input }) => ({
    operator: op,
    inputs: input.filter((tensor) => !tensor.startsWith('^')).map(tensorName),
    outputs: sources.includes(op) ? [] : [name],
  }));
  const signature = parsed.userDefinedMetadata?.signature ?? parsed.signature;
  const listed = Object.entries(signature?.outputs ?? {});
  // An output may have another name than its tensor.
  const renamed = listed.flatMap(([name, { name: tensor }]): GraphNode[] => {
    const source = tensorName(tensor ?? name);
    return source === name ? [] : [{ operator: 'Identity', inputs: [source], outputs: [name] }];
  });
  const outputs = listed.map(
    ([name, { dtype, tensorShape }]): Port => ({
      name,
      dtype: dtypeName(dtype ?? undefined),
      shape: tensorShape?.dim?.map(({ size }) => dimension(size)),
    }),
  );
  return {
    producers: producersOf([...renamed, ...nodes]),
    outputs: outputs.length > 0 ? outputs : unreadNodes(nodes),
    hasInnerOutputs: true,
  };
}

/** @example tensorName('dense/MatMul:0') // 'dense/MatMul' */
function tensorName(tensor: string): string {
  return tensor.replace(/:0$/, '');
}

function unreadNodes(nodes: readonly GraphNode[]): Port[] {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs.map((name) => name.split(':')[0])));
  const unread = nodes.flatMap(({ operator, outputs }) => (operator === 'NoOp' ? [] : outputs));
  return unread
    .filter((name) => !read.has(name))
    .map((name) => ({ name, dtype: 'unknown', shape: undefined }));
}

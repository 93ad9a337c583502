/** Checks the topology of a tfjs GraphModel before its executor reads it. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { listOf } from '../../wide-schemas.ts';
import { type Body, expandedNodes, maxNodes } from './budget.ts';
import { graphModelOperations } from './graph-model-operations.ts';
import { notAllowed, refusedPart } from './refused-part.ts';

const nodeSchema = z.looseObject({
  name: z.string(),
  op: z.string(),
  attr: z.record(z.string(), z.unknown()).optional(),
});
const nodesSchema = listOf(nodeSchema, maxNodes);
const functionSchema = z.looseObject({
  signature: z.looseObject({ name: z.string() }),
  nodeDef: nodesSchema.default([]),
});
const topologySchema = z.looseObject({
  node: nodesSchema,
  library: z
    .looseObject({
      function: listOf(functionSchema, maxNodes).optional(),
    })
    .optional(),
});
type Nodes = z.infer<typeof topologySchema>['node'];

/**
 * Refuses a GraphModel with operations that are not in the list, in its graph or its functions.
 *
 * @param topology The field `modelTopology` of the file.
 * @param name Name of the file in errors.
 * @throws UserError with the file and the operation.
 */
export function checkGraphModel(topology: unknown, name: string): void {
  const parsed = topologySchema.safeParse(topology);
  if (!parsed.success) {
    throw new UserError(`${name} has no graph that can be read: ${z.prettifyError(parsed.error)}`);
  }
  const { node, library } = parsed.data;
  const functions = new Map<string, Body>();
  for (const { signature, nodeDef } of library?.function ?? []) {
    checkNodes(nodeDef, name);
    functions.set(signature.name, bodyOf(nodeDef));
  }
  checkNodes(node, name);
  if (expandedNodes(bodyOf(node), functions) <= maxNodes) return;
  throw refusedPart(
    `${name} has functions that call each other or themselves`,
    `and they make more than ${maxNodes} nodes`,
  );
}

function checkNodes(nodes: Nodes, file: string): void {
  for (const { name, op } of nodes) {
    if (graphModelOperations.has(op)) continue;
    throw refusedPart(`${file} has the operation '${op}' (node '${name}')`, notAllowed);
  }
}

const callSchema = z.looseObject({ func: z.looseObject({ name: z.string() }) });

/** The branches of an If are functions in its attributes. */
function bodyOf(nodes: Nodes): Body {
  const calls = nodes.flatMap(({ attr = {} }) =>
    Object.values(attr).flatMap((value) => callSchema.safeParse(value).data?.func.name ?? []),
  );
  return { nodes: nodes.length, calls };
}

/** Checks a SavedModel before TensorFlow reads it. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { product, sum } from '../../arrays.ts';
import { UserError } from '../../errors.ts';
import { MalformedProtobuf } from '../teachers/protobuf.ts';
import {
  expandedNodes,
  maxExpandedBytes,
  maxNodes,
  maxTensorNumbers,
  shapeNumbers,
} from './budget.ts';
import { damagedModel, notAllowed, refusedPart } from './refused-part.ts';
import {
  type Facts,
  type FoundConstant,
  type FoundNode,
  readFacts,
  type Scope,
} from './saved-model-facts.ts';
import {
  restoringOperations,
  savingOperations,
  tensorflowOperations,
} from './tensorflow-operations.ts';

const modelFile = 'saved_model.pb';

/**
 * Refuses a SavedModel with operations that are not in the list, anywhere in its graphs and
 * functions. Reading weights is allowed where TensorFlow restores variables, and saving weights in
 * the part of the file that is never run.
 *
 * @param folder The folder with `saved_model.pb`.
 * @param file Name of the model in errors: `the SavedModel teacher/model`.
 * @throws UserError with the file and the operation. Error if the file is damaged.
 */
export async function checkSavedModel(folder: string, file: string): Promise<void> {
  await refuseOtherForms(folder, file);
  const path = join(folder, modelFile);
  const facts = await readFacts(path).catch((error: Error) => {
    if (error instanceof MalformedProtobuf) throw damagedModel(file, error.message);
    throw error;
  });
  const scopes = [facts.main, ...facts.functions.values()];
  const names = checkNames([...facts.functions.values()], file);
  for (const scope of scopes) {
    for (const each of scope.nodes.values()) checkOperations(each, names, scope.name, file);
  }
  checkReached(facts, file);
  checkPaths(facts, names, file);
  checkAssets(facts.assets, file);
  checkExpansion(facts, (await stat(path)).size, file);
}

/** Refuses forms of the file that TensorFlow might prefer, and that are not checked. */
async function refuseOtherForms(folder: string, file: string): Promise<void> {
  const other = (await readdir(folder)).find((name) => /^saved_model\.(cpb|pbtxt)$/.test(name));
  if (other === undefined) return;
  throw new UserError(
    `${file} has ${other} beside ${modelFile}`,
    `Remove ${other}: only ${file} is read.`,
  );
}

/** Refuses functions whose names may hide an operation. @returns the names of all functions. */
function checkNames(functions: readonly Scope[], file: string): Set<string> {
  const names = new Set(functions.map(({ name }) => name));
  for (const name of names) {
    if (/^_*[A-Z][A-Za-z0-9]*$/.test(name)) {
      throw refusedPart(
        `${file} has a function with the name '${name}' of an operation`,
        notAllowed,
      );
    }
  }
  return names;
}

function checkOperations(
  { name, operations }: FoundNode,
  functions: ReadonlySet<string>,
  scope: string,
  file: string,
): void {
  for (const operation of operations) {
    const isKnown = [tensorflowOperations, restoringOperations, savingOperations, functions].some(
      (list) => list.has(operation),
    );
    if (isKnown) continue;
    const where = scope === '' ? `node '${name}'` : `node '${name}' of the function '${scope}'`;
    throw refusedPart(
      `${file} has the operation '${operation}' (${where})`,
      notAllowed,
      fixOf(operation),
    );
  }
}

const loops = /While$|^(Enter|Exit|NextIteration|LoopCond|For|RefEnter|RefExit|RefNextIteration)$/;
const files = /File|Dataset|Reader|Files|PrintV2|^Print$/;

function fixOf(operation: string): string | undefined {
  if (loops.test(operation)) {
    return 'Loops may never end. Export recurrent layers with unroll=True, or as ONNX, which has operators for LSTM and GRU.';
  }
  if (!files.test(operation)) return undefined;
  return 'Models may not use files. Keep vocabularies in the graph: give layers their vocabulary as a list.';
}

/** Refuses reading and writing of weights in parts that run when they should not. */
function checkReached(facts: Facts, file: string): void {
  const swapped = [...facts.functions.values()].filter(({ isSwapped }) => isSwapped);
  const running = reached(facts, facts.runs, swapped);
  const restoring = reached(facts, facts.restores, []);
  for (const [nodes, refused, when] of [
    [running, new Set([...savingOperations, ...restoringOperations]), 'loaded or called'],
    [restoring, savingOperations, 'restored'],
  ] as const) {
    for (const { name, operations } of nodes) {
      const found = operations.find((operation) => refused.has(operation));
      if (found === undefined) continue;
      throw refusedPart(
        `${file} has the operation '${found}' (node '${name}') among those that run when the model is ${when}`,
        notAllowed,
      );
    }
  }
}

/** Handles of variables and tables, which functions that restore them get as arguments. */
const handles = /^(VarHandleOp|(Anonymous)?(Mutable)?(Dense)?HashTable(OfTensors)?(V2)?|NoOp)$/;
/** TensorFlow's number of the type of texts. */
const textType = 7;

/**
 * Refuses reading weights from a path that TensorFlow does not give, such as that of another file
 * of the user. Functions get the path as an argument, so that the arguments of calls are checked.
 */
function checkPaths(facts: Facts, functions: ReadonlySet<string>, file: string): void {
  const restoring = reached(facts, facts.restores, []);
  for (const scope of [facts.main, ...facts.functions.values()]) {
    const byName = grouped([...scope.nodes.values()]);
    const isArgument = (input: string) =>
      scope === facts.main ? isPath(facts, byName.get(input)) : !byName.has(input);
    for (const node of scope.nodes.values()) {
      if (!restoring.has(node)) continue;
      const reads = node.operations.some((operation) => restoringOperations.has(operation));
      const calls = [...node.operations, ...node.functions].some((name) => functions.has(name));
      const given = reads ? node.inputs.slice(0, 1) : calls ? node.inputs : [];
      const stated = given.find((input) => {
        if (isArgument(input)) return false;
        return reads || !byName.get(input)?.every(isHandle);
      });
      if (stated === undefined) continue;
      throw refusedPart(
        `${file} reads weights from a path of its own (node '${node.name}', its input '${stated}')`,
        'and weights are read from its folder',
      );
    }
  }
}

/** Operations whose only output TensorFlow replaces by the path. */
const replaced: ReadonlySet<string> = new Set(['Const', 'Placeholder', 'PlaceholderWithDefault']);
const placeholders: ReadonlySet<string> = new Set(['Placeholder']);

/**
 * Returns whether nodes with one name have the path for their output. If a file names several
 * paths, those of other graphs keep their value, and only placeholders have none.
 */
function isPath({ paths }: Facts, nodes: readonly FoundNode[] = []): boolean {
  const allowed = paths.size === 1 ? replaced : placeholders;
  return nodes.some(({ name }) => paths.has(name)) && nodes.every(consistsOf(allowed));
}

function consistsOf(allowed: ReadonlySet<string>): (node: FoundNode) => boolean {
  return ({ operations }) => operations.every((operation) => allowed.has(operation));
}

/** Returns whether a node makes a handle, or a constant of numbers. */
function isHandle({ operations, constants }: FoundNode): boolean {
  const types = Array.from(constants.values(), ({ type }) => type);
  const isOfNumbers = types.length > 0 && types.every((type) => ![0, textType].includes(type));
  return operations.every(
    (operation) => handles.test(operation) || (operation === 'Const' && isOfNumbers),
  );
}

/** Collects the nodes on which named nodes of the main graph depend, functions included. */
function reached(
  { main, functions }: Facts,
  roots: readonly string[],
  scopes: readonly Scope[],
): Set<FoundNode> {
  const byName = grouped([...main.nodes.values()]);
  const functionsByName = grouped([...functions.values()]);
  const nodes = new Set<FoundNode>();
  const entered = new Set<Scope>();
  const waiting: FoundNode[] = roots.flatMap((name) => byName.get(name) ?? []);
  const enter = (scope: Scope) => {
    if (entered.has(scope)) return;
    entered.add(scope);
    for (const node of scope.nodes.values()) waiting.push(node);
  };
  scopes.forEach(enter);
  const mainNodes = new Set(main.nodes.values());
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (nodes.has(node)) continue;
    nodes.add(node);
    // All nodes of a function run, so that only the main graph is followed.
    if (mainNodes.has(node)) {
      for (const input of node.inputs) {
        for (const each of byName.get(input) ?? []) waiting.push(each);
      }
    }
    for (const name of [...node.operations, ...node.functions]) {
      functionsByName.get(name)?.forEach(enter);
    }
  }
  return nodes;
}

function grouped<Named extends { readonly name: string }>(
  items: readonly Named[],
): Map<string, Named[]> {
  const groups = new Map<string, Named[]>();
  for (const item of items) {
    const group = groups.get(item.name);
    if (group) group.push(item);
    else groups.set(item.name, [item]);
  }
  return groups;
}

function checkAssets(assets: readonly string[], file: string): void {
  for (const asset of assets) {
    if (basename(asset) === asset && asset !== '..' && !asset.includes('\\')) continue;
    throw refusedPart(
      `${file} names the asset '${asset}'`,
      'and assets are files in the folder assets',
    );
  }
}

/** Inputs of operations that set the size of an output: a shape, or the number of elements. */
const sizeInputs: Readonly<Record<string, number>> = {
  ...{ BroadcastTo: 1, Empty: 0, Fill: 0, LinSpace: 2, OneHot: 1, Range: 1, Tile: 1 },
  ...{ RandomStandardNormal: 0, RandomUniform: 0, RandomUniformInt: 0, TruncatedNormal: 0 },
  ...{ StatelessRandomNormal: 0, StatelessRandomUniform: 0, StatelessRandomNormalV2: 0 },
  ...{ StatelessRandomUniformV2: 0, TensorListReserve: 1 },
  ...{ ResizeArea: 1, ResizeBicubic: 1, ResizeBilinear: 1, ResizeNearestNeighbor: 1 },
};

/** Refuses constants that are much larger than the file, and functions that expand. */
function checkExpansion({ main, functions }: Facts, fileBytes: number, file: string): void {
  const scopes = [main, ...functions.values()];
  const nodes = scopes.flatMap((scope) => [...scope.nodes.values()]);
  const constants = nodes.flatMap((each) => [...each.constants.values()]);
  const tensors = constants.filter(({ type }) => type > 0);
  const bytes = sum(tensors.map(({ shape, type }) => product(shape) * (typeBytes[type] ?? 1)));
  if (bytes > fileBytes + maxExpandedBytes) {
    throw refusedPart(
      `${file} has constants of ${bytes} bytes in a file of ${fileBytes}`,
      `and at most ${maxExpandedBytes} more than the file are allowed`,
    );
  }
  for (const scope of scopes) checkSizes(scope, file);
  const bodies = new Map(
    [...functions.values()].map((scope) => [scope.name, bodyOf(scope)] as const),
  );
  if (expandedNodes(bodyOf(main), bodies) <= maxNodes) return;
  throw refusedPart(
    `${file} has functions that call each other or themselves`,
    `and they make more than ${maxNodes} nodes`,
  );
}

/** Bytes per number, by TensorFlow's number of the type; others have one, or are texts. */
const typeBytes: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 8, 3: 4, 5: 2, 8: 8, 9: 8, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8 },
};

function bodyOf({ nodes }: Scope) {
  const all = [...nodes.values()];
  return {
    nodes: all.length,
    calls: all.flatMap(({ operations, functions }) => [...operations, ...functions]),
  };
}

function checkSizes({ nodes }: Scope, file: string): void {
  const byName = grouped([...nodes.values()]);
  for (const { name, operations, inputs } of nodes.values()) {
    for (const operation of operations) {
      const input = inputs[sizeInputs[operation] ?? Number.POSITIVE_INFINITY];
      const found = byName.get(input ?? '') ?? [];
      for (const constant of found.flatMap(({ constants }) => [...constants.values()])) {
        const numbers = shapeNumbers(repeated(constant));
        if (numbers <= maxTensorNumbers) continue;
        throw refusedPart(
          `${file} has the operation '${operation}' (node '${name}') with ${numbers} numbers from a few`,
          `and at most ${maxTensorNumbers} are allowed`,
        );
      }
    }
  }
}

/** Returns the values of a short constant. TensorFlow repeats the last one up to the shape. */
function repeated({ shape, values }: FoundConstant): number[] {
  const last = values.at(-1);
  if (last === undefined) return [];
  const count = Math.min(product(shape), 64);
  return [...values, ...new Array<number>(Math.max(0, count - values.length)).fill(last)];
}

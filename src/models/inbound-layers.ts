/**
 * The connections of a functional tfjs model. tfjs builds a layer once all layers that it names as
 * its inputs are built, and tries forever if one of them never is.
 */
import { UserError } from '../errors.ts';
import { hasFields } from '../json.ts';

/** A call of a layer: the calls whose outputs it reads, as [layer, number of its call]. */
type Call = readonly (readonly [name: string, call: number])[];

interface Node {
  readonly name: string;
  /** Number of calls that are built together with the layer. */
  readonly built: number;
  readonly calls: readonly Call[];
}

/** A call of the layer `name`. */
interface Entry {
  readonly name: string;
  readonly call: Call;
}

/** Models inside models, each a few levels of JSON. */
const maxDepth = 200;

/**
 * Maximum number of tries in which tfjs finds that an input of a layer is not built yet. Some
 * hundred layers may be in any order; a file of 2 MB in the wrong order would take hours.
 */
const maxTries = 100_000;

/** Layers that come with a call of their own: inputs, and models inside the model. */
const withOwnCall = ['InputLayer', 'Model', 'Functional', 'Sequential'];

/**
 * Checks that the layers of a model, and of all models in it, can be built one after the other.
 *
 * @param json The topology, or JSON that contains it.
 * @param name Name of the model in errors: a file, quoted.
 * @throws UserError with the layer that has no name or that of another one, or that reads an
 *   unknown layer or its own output.
 * @example checkInboundLayers(topology, "'own/model.json'")
 */
export function checkInboundLayers(json: unknown, name: string, depth = 0): void {
  if (!hasFields(json) && !Array.isArray(json)) return;
  if (depth > maxDepth) {
    throw new UserError(
      `${name} has more than ${maxDepth} nested lists and records, which no model has.`,
      'Save the model again with model.save of tfjs.',
    );
  }
  if (hasFields(json) && Array.isArray(json.layers)) {
    checkNodes(
      json.layers.flatMap((layer) => nodeOf(layer, name)),
      name,
    );
  }
  for (const child of Object.values(json)) checkInboundLayers(child, name, depth + 1);
}

/** Reads a layer in a list of layers; none if it is not connected, as in a Sequential model. */
function nodeOf(layer: unknown, model: string): Node[] {
  if (!hasFields(layer) || !Array.isArray(layer.inbound_nodes)) return [];
  // tfjs finds a layer by the first name, and its calls by the second.
  const names = [layer.name, hasFields(layer.config) ? layer.config.name : undefined];
  const [name] = names;
  if (typeof name !== 'string' || names[1] !== name) {
    const [found, own] = names.map((one) => JSON.stringify(one));
    throw new UserError(
      `${model} has a layer with the name ${found}, and the name ${own} in its config.`,
      'Give it one name, or save the model again with model.save.',
    );
  }
  const isBuilt = typeof layer.class_name === 'string' && withOwnCall.includes(layer.class_name);
  const calls = layer.inbound_nodes.map((inputs) => callOf(inputs, name, model));
  return [{ name, built: isBuilt ? 1 : 0, calls }];
}

/** Reads a call of the layer `name`; tfjs itself refuses a call that is not a list. */
function callOf(inputs: unknown, name: string, model: string): Call {
  if (!Array.isArray(inputs)) return [];
  return inputs.map((input) => {
    const [layer, call]: readonly unknown[] = Array.isArray(input) ? input : [];
    if (typeof layer === 'string' && Number.isSafeInteger(call)) return [layer, Number(call)];
    throw new UserError(
      `${model} has the layer '${name}' with ${shortened(input)} among its inbound_nodes; expected [layer, number of its call, number of its output].`,
      `Correct the inbound_nodes of '${name}', or save the model again with model.save.`,
    );
  });
}

function shortened(value: unknown): string {
  const text = String(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

const keyOf = (name: string, call: number) => `${call} ${name}`;

/** Builds the calls as tfjs does, each once its inputs are built. */
function checkNodes(nodes: readonly Node[], model: string): void {
  const built = new Map<string, number>();
  for (const node of nodes) {
    if (built.has(node.name)) {
      throw new UserError(
        `${model} has two layers with the name '${node.name}'.`,
        'Give each layer a name of its own, or save the model again with model.save.',
      );
    }
    built.set(node.name, node.built);
  }
  const order = new Map(nodes.map(({ name }, position) => [name, position]));
  /** Rounds through the list of layers after which tfjs has built a layer. */
  const rounds = new Map<string, number>();
  let tries = 0;
  /** By the call that they wait for: a layer can have very many calls. */
  const waiting = new Map<string, Entry[]>();
  const ready = nodes.flatMap(({ name, calls }) => calls.map((call) => ({ name, call })));
  for (let entry = ready.pop(); entry; entry = ready.pop()) {
    const { name, call } = entry;
    const missing = call.find(([input, index]) => (built.get(input) ?? 0) <= index);
    if (missing) {
      const others = waiting.get(keyOf(...missing)) ?? [];
      others.push(entry);
      waiting.set(keyOf(...missing), others);
      continue;
    }
    const round = call.reduce((most, [input]) => {
      const isLater = (order.get(input) ?? 0) > (order.get(name) ?? 0);
      return Math.max(most, (rounds.get(input) ?? 0) + (isLater ? 1 : 0));
    }, rounds.get(name) ?? 0);
    rounds.set(name, round);
    tries += round;
    const index = built.get(name) ?? 0;
    built.set(name, index + 1);
    // Without a spread, which overflows the stack for very many.
    for (const other of waiting.get(keyOf(name, index)) ?? []) ready.push(other);
    waiting.delete(keyOf(name, index));
  }
  if (tries > maxTries) {
    throw new UserError(
      `${model} lists layers before their inputs, so that tfjs would try ${tries} times in vain to build one; at most ${maxTries} are allowed.`,
      'Save the model again with model.save of tfjs, which lists layers after their inputs.',
    );
  }
  const left = [...waiting.values()].flat();
  if (left.length > 0) throw refusal(left, built, model);
}

function refusal(
  left: readonly Entry[],
  known: ReadonlyMap<string, number>,
  model: string,
): UserError {
  for (const { name, call } of left) {
    const unknown = call.find(([input]) => !known.has(input));
    if (unknown === undefined) continue;
    return new UserError(
      `${model} has the layer '${name}', which reads the layer '${unknown[0]}', and the model has no such layer.`,
      `Correct the name in the inbound_nodes of '${name}', or save the model again with model.save.`,
    );
  }
  const { name } = left[0]!;
  return new UserError(
    `${model} has the layer '${name}', which can never be computed: it reads its own output, or a call of a layer that does not exist.`,
    `Correct the inbound_nodes of '${name}', or save the model again with model.save.`,
  );
}

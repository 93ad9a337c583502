import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { checkInboundLayers } from '../../src/models/inbound-layers.ts';

type Calls = readonly (readonly (readonly [string, number])[])[];

const layer = (name: string, inbound: Calls, class_name = 'Dense') => ({
  ...{ name, class_name, config: { name } },
  inbound_nodes: inbound.map((call) => call.map(([input, index]) => [input, index, 0, {}])),
});
const input = (name: string) => layer(name, [], 'InputLayer');
const model = (...layers: unknown[]) => ({ class_name: 'Model', config: { layers } });

/** Checks a model, and returns the message of its refusal. */
function refusalOf(json: unknown): string | undefined {
  try {
    checkInboundLayers(json, "'model.json'");
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
}

describe('the layers of a model', () => {
  test('are in any order, are called several times, and are models', () => {
    const shared = layer('b', [[['a', 0]], [['c', 0]]]);
    const config = { name: 'inner', layers: [input('x')] };
    const within = { ...layer('inner', [[['b', 1]]], 'Model'), config };
    expect(refusalOf(model(layer('c', [[['b', 0]]]), shared, within, input('a')))).toBeUndefined();
    expect(refusalOf({ class_name: 'Sequential', config: { layers: [{}] } })).toBeUndefined();
  });

  test.each([
    [
      'an unknown layer',
      model(input('a'), layer('b', [[['aa', 0]]])),
      /'b', which reads the layer 'aa'/,
    ],
    [
      'its own output',
      model(input('a'), layer('b', [[['b', 0]]])),
      /'b', which can never be computed/,
    ],
    [
      'a circle',
      model(input('a'), layer('b', [[['c', 0]]]), layer('c', [[['b', 0]]])),
      /can never be/,
    ],
    ['a call that is missing', model(input('a'), layer('b', [[['a', 1]]])), /can never be/],
    [
      'a layer of a model inside',
      model(model(layer('b', [[['x', 0]]])).config),
      /reads the layer 'x'/,
    ],
  ])('are refused if one reads %s', (_, json, message) => {
    expect(refusalOf(json)).toMatch(message);
  });

  test('are refused if very many are listed before their inputs', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, index) =>
        layer(`l${index + 1}`, [[[index === 0 ? 'in' : `l${index}`, 0]]]),
      );
    expect(refusalOf(model(input('in'), ...chain(20_000)))).toBeUndefined();
    expect(refusalOf(model(...chain(400).reverse(), input('in')))).toBeUndefined();
    expect(refusalOf(model(...chain(2000).reverse(), input('in')))).toMatch(
      /lists layers before their inputs, so that tfjs would try \d+ times/,
    );
  });

  test('are read if very many wait for one call', { timeout: 40_000 }, () => {
    const calls = Array.from({ length: 20_000 }, () => [['in', 0]] as const);
    const shared = layer('shared', calls);
    const readers = Array.from({ length: 150_000 }, (_, index) =>
      layer(`r${index}`, [[['shared', calls.length - 1]]]),
    );
    expect(refusalOf(model(input('in'), shared, ...readers))).toBeUndefined();
  });

  test('are refused in more records than any model has', () => {
    let json: unknown = {};
    for (let depth = 0; depth < 100_000; depth++) json = [json];
    expect(refusalOf(json)).toMatch(/more than 200/);
  });

  test('are refused exactly if building them one after the other ends early', () => {
    const names = ['a', 'b', 'c', 'd'];
    const call = fc.array(fc.tuple(fc.constantFrom(...names, 'x'), fc.nat(1)), {
      minLength: 1,
      maxLength: 2,
    });
    const calls = fc.array(call, { maxLength: 2 });
    fc.assert(
      fc.property(fc.tuple(calls, calls, calls), (all) => {
        const layers = [input('a'), ...all.map((own, i) => layer(names[i + 1]!, own))];
        expect(refusalOf(model(...layers)) === undefined).toBe(canBeBuilt(all));
      }),
    );
  });
});

/** Builds layers b, c and d by trying all calls until nothing changes. */
function canBeBuilt(all: readonly Calls[]): boolean {
  const built: Record<string, number> = { a: 1, b: 0, c: 0, d: 0, x: 0 };
  const left = all.flatMap((calls, i) => calls.map((call) => ({ name: 'bcd'[i]!, call })));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [index, { name, call }] of left.entries()) {
      if (!call.every(([input, at]) => built[input]! > at)) continue;
      built[name]!++;
      left.splice(index, 1);
      changed = true;
      break;
    }
  }
  return left.length === 0;
}

test.each([
  [
    'no name',
    { class_name: 'InputLayer', config: { name: 'a' } },
    'the name undefined, and the name "a"',
  ],
  ['no name in its config', { name: 'a', config: {} }, 'the name "a", and the name undefined'],
  ['two names', { name: 'a', config: { name: 'b' } }, 'the name "a", and the name "b"'],
  ['a number as its name', { name: 1, config: { name: 1 } }, 'the name 1, and'],
])('a layer with %s is refused', (_, fields, message) => {
  const one = { class_name: 'Dense', inbound_nodes: [], ...fields };
  expect(refusalOf(model(one))).toContain(`'model.json' has a layer with ${message}`);
});

test('two layers of one name are refused', () => {
  expect(refusalOf(model(input('a'), input('b'), input('a')))).toBe(
    "'model.json' has two layers with the name 'a'.",
  );
});

test.each([[[0, 0, 0, {}]], ['a'], [['a']], [['a', '0']], [['a', 0.5]], [null], [{}]])(
  'the input %j of a layer is refused',
  (call) => {
    const reader = { ...layer('b', []), inbound_nodes: [[call]] };
    expect(refusalOf(model(input('a'), reader))).toContain(
      `the layer 'b' with ${JSON.stringify(call)} among its inbound_nodes`,
    );
  },
);

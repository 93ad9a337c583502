import { describe, expect, test } from 'vitest';
import {
  checkArguments,
  datasetArgument,
  jsonOption,
  parseWorkers,
  UsageError,
  unknown,
  workersOption,
} from '../../src/cli/arguments.ts';

const definitions = { dataset: datasetArgument, workers: workersOption, json: jsonOption };

describe('checkArguments', () => {
  test.each([
    [['a', 'b'], 'Unexpected argument "b".'],
    [['a', '--wokers=3'], 'Unknown option "--wokers". Did you mean --workers?'],
    [['a', '--frobnicate'], 'Unknown option "--frobnicate".'],
    [['a', '-x'], 'Unknown option "-x".'],
    [['a', '--dataset=b'], 'Unknown option "--dataset".'],
    [['a', '--workers'], '--workers needs a value: Number of worker processes.'],
    [['a', '--workers='], '--workers needs a value: Number of worker processes.'],
    [['a', '--workers', '--json'], '--workers needs a value: Number of worker processes.'],
    [['a', '--json=yes'], '--json takes no value, found "yes".'],
  ])('refuses %j', (args, message) => {
    expect(() => checkArguments(args, definitions)).toThrow(new UsageError(message));
  });

  test.each([
    [[]],
    [['a']],
    [['--json', 'a', '--workers', '3']],
    [['--workers=3', 'a']],
    [['--', '--strange-folder']],
  ])('accepts %j', (args) => {
    expect(() => checkArguments(args, definitions)).not.toThrow();
  });
});

test.each(['0', '-1', '2.5', 'many', '', '1e3', '100000'])(
  '%j is not a number of workers',
  (text) => {
    expect(() => parseWorkers(text)).toThrow(UsageError);
  },
);

test('a number of workers is read', () => {
  expect(parseWorkers('16')).toBe(16);
});

test('a name that every object has is not a command', () => {
  expect(unknown('command', 'toString', ['run', 'plan'])).toBe('Unknown command "toString".');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  currentName,
  isDeploymentName,
  nameVariable,
  resourceNames,
} from '../../src/aws/deployment-name.ts';

test('the deployment without a name has the names that it has always had', () => {
  expect(resourceNames(undefined)).toEqual({
    stack: 'Counterweight',
    trainerStack: 'CounterweightTrainer',
    machine: 'counterweight',
    trainer: 'counterweight-trainer',
    trainerLogs: '/aws/batch/counterweight-trainer',
  });
});

test('two deployments have no name in common', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/).filter(isDeploymentName);
  fc.assert(
    fc.property(fc.option(name, { nil: undefined }), name, (one, other) => {
      fc.pre(one !== other);
      const all = [one, other].flatMap((each) => Object.values(resourceNames(each)));
      expect(new Set(all).size).toBe(all.length);
    }),
  );
});

test('AWS takes every name', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/).filter(isDeploymentName);
  fc.assert(
    fc.property(name, (text) => {
      const { stack, machine, trainer } = resourceNames(text);
      expect(stack).toMatch(/^[a-zA-Z][a-zA-Z0-9-]{0,127}$/);
      expect(machine).toMatch(/^[a-zA-Z0-9-_]{1,80}$/);
      expect(trainer).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9-_]{0,127}$/);
      // Buckets: CloudFormation starts with the stack's name, in lower case.
      expect(stack.toLowerCase()).toMatch(/^(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9-]{3,40}$/);
    }),
  );
});

test.each(['blue', 'a', 'team-7', 'a'.repeat(24)])('%s can be a name', (name) => {
  expect(currentName({ [nameVariable]: name })).toBe(name);
});

test.each([
  ['Blue', /"Blue" is not the name of a deployment/],
  ['7up', /is not the name/],
  ['a--b', /is not the name/],
  ['a-', /is not the name/],
  ['a_b', /is not the name/],
  ['a'.repeat(25), /is not the name/],
  ['sthree', /S3 reserves bucket names/],
  ['amzn-s3-demo-a', /S3 reserves bucket names/],
])('%s cannot be one', (name, message) => {
  const read = () => currentName({ [nameVariable]: name });
  expect(read).toThrow(message);
  expect(read).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('at most 24 lower-case letters') }),
  );
});

test('a variable without a value counts for nothing', () => {
  expect(currentName({})).toBeUndefined();
  expect(currentName({ [nameVariable]: '' })).toBeUndefined();
});

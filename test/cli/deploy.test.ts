import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/arguments.ts';
import { renderDeployment, settingsOf } from '../../src/cli/deploy.ts';

describe('settingsOf', () => {
  test('gives the CDK app what it knows, and nothing that was not said', () => {
    expect(settingsOf({ trainer: 'function' })).toEqual({ trainer: 'function' });
    const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight:1.2.0';
    expect(
      settingsOf({
        trainer: 'gpu',
        budget: '12.5',
        'sweep-minutes': '60',
        'image-uri': image,
        'trainer-image-uri': image,
      }),
    ).toEqual({
      trainer: 'gpu',
      budget: '12.5',
      sweepMinutes: '60',
      imageUri: image,
      trainerImageUri: image,
    });
  });

  test.each([
    [{ trainer: 'cpu' }, /--trainer is gpu or function, found "cpu"/],
    [{ trainer: 'gpu', budget: '0' }, /--budget .*found "0"/],
    [{ trainer: 'gpu', budget: '$5' }, /--budget .*found "\$5"/],
    [{ trainer: 'gpu', budget: 'Infinity' }, /--budget/],
    [{ trainer: 'gpu', 'sweep-minutes': '1.5' }, /--sweep-minutes .*found "1.5"/],
    [{ trainer: 'gpu', 'sweep-minutes': '1441' }, /--sweep-minutes/],
  ])('refuses %j', (options, message) => {
    expect(() => settingsOf(options)).toThrow(UsageError);
    expect(() => settingsOf(options)).toThrow(message);
  });
});

test('the GPU stack is announced only where it is deployed', () => {
  expect(renderDeployment({ trainer: 'gpu' }, 'eu-west-1')).toContain('CounterweightTrainer');
  const without = renderDeployment({ trainer: 'function' }, 'eu-west-1');
  expect(without).toContain('To be deployed in eu-west-1');
  expect(without).not.toContain('CounterweightTrainer');
});

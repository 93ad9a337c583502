import { afterEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/cli/arguments.ts';
import { checkDocker, readSettings, renderIntent } from '../../src/cli/deploy.ts';

describe('readSettings', () => {
  test('gives the CDK app what it knows, and nothing that was not said', () => {
    expect(readSettings({ trainer: 'function' })).toEqual({ trainer: 'function' });
    const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight:1.2.0';
    expect(
      readSettings({
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
    expect(() => readSettings(options)).toThrow(UsageError);
    expect(() => readSettings(options)).toThrow(message);
  });
});

test('the GPU stack is announced only where it is deployed', () => {
  expect(renderIntent({ trainer: 'gpu' }, 'eu-west-1')).toContain('CounterweightTrainer');
  const without = renderIntent({ trainer: 'function' }, 'eu-west-1');
  expect(without).toContain('To be deployed in eu-west-1');
  expect(without).not.toContain('CounterweightTrainer');
});

describe('checkDocker', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['no-such-docker', /there is no no-such-docker here/],
    ['false', /false does not answer/],
  ])('%s cannot build an image', async (docker, message) => {
    vi.stubEnv('CDK_DOCKER', docker);
    await expect(checkDocker()).rejects.toThrow(message);
  });

  test('any tool that answers can', async () => {
    vi.stubEnv('CDK_DOCKER', 'true');
    await checkDocker();
  });
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkDocker } from '../../src/cli/docker.ts';

describe('checkDocker', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['no-such-docker', /no-such-docker is not installed/],
    ['false', /false does not answer/],
  ])('%s cannot build an image', async (docker, message) => {
    vi.stubEnv('CDK_DOCKER', docker);
    await expect(checkDocker()).rejects.toThrow(message);
  });

  test('any tool that answers to "info" can', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'counterweight-docker-'));
    const calls = join(folder, 'calls');
    const tool = join(folder, 'podman');
    await writeFile(tool, `#!/bin/sh\necho "$@" >> ${calls}\n`, { mode: 0o755 });
    vi.stubEnv('CDK_DOCKER', tool);
    await checkDocker();
    expect(await readFile(calls, 'utf8')).toBe('info\n');
    await rm(folder, { recursive: true });
  });
});

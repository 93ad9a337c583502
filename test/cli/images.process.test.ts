/** `counterweight images` with a Docker that only records its calls, and a fake of ECR. */

import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runCommand } from 'citty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { imagesCommand } from '../../src/cli/images.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

let folder: string;
let printed: string;
/** Requests to ECR: "CreateRepository counterweight/trainer". */
let requests: string[];
let mediaType: string;

const server = createServer(async (request, response) => {
  const operation = String(request.headers['x-amz-target']).split('.').at(-1)!;
  const fields = JSON.parse(await text(request));
  const name = fields.repositoryName ?? fields.repositoryNames?.[0] ?? '';
  requests.push(`${operation} ${name}`.trim());
  const found = { repositoryUri: `${registry}/${name}` };
  const answers: Record<string, object> = {
    // The repository of the trainer is missing.
    DescribeRepositories: name.endsWith('trainer')
      ? { __type: 'RepositoryNotFoundException' }
      : { repositories: [found] },
    CreateRepository: { repository: found },
    GetAuthorizationToken: {
      authorizationData: [{ authorizationToken: Buffer.from('AWS:secret').toString('base64') }],
    },
    DescribeImages: {
      imageDetails: [{ imageDigest: digest, imageManifestMediaType: mediaType }],
    },
  };
  const answer = answers[operation] ?? {};
  response.writeHead('__type' in answer ? 400 : 200).end(JSON.stringify(answer));
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'images-test-'));
  requests = [];
  printed = '';
  mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const docker = join(folder, 'docker');
  const calls = join(folder, 'calls');
  const script = `[ "$1" = login ] && secret=$(cat)\necho "$@" "$secret" >> ${calls}`;
  writeFileSync(docker, `#!/bin/sh\n${script}\n`);
  chmodSync(docker, 0o755);
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += chunk;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // listen() on a port gives an AddressInfo, never a pipe's name.
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('CDK_DOCKER', docker);
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
});

afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

function dockerCalls(): string[] {
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');
  return calls.map((call) => call.trim()).filter((call) => call !== 'info');
}

test('images are pushed for x86, without attestations, and deploy gets their digests', async () => {
  await runCommand(imagesCommand, { rawArgs: ['--push', '--trainer', 'gpu'] });
  const calls = dockerCalls();
  expect(calls).toEqual(
    ['functions', 'trainer'].flatMap((name) => [
      `login --username AWS --password-stdin ${registry} secret`,
      expect.stringMatching(
        `^buildx build --platform linux/amd64 --provenance=false --sbom=false --file \\S+/infra/images/${name}/Dockerfile --tag ${registry}/counterweight/${name}:\\d\\S+ --push /`,
      ),
    ]),
  );
  expect(requests).toEqual([
    'DescribeRepositories counterweight/functions',
    'GetAuthorizationToken',
    'DescribeImages counterweight/functions',
    'DescribeRepositories counterweight/trainer',
    'CreateRepository counterweight/trainer',
    'GetAuthorizationToken',
    'DescribeImages counterweight/trainer',
  ]);
  expect(printed).toContain(
    `counterweight deploy --trainer gpu --image-uri ${registry}/counterweight/functions@${digest} ` +
      `--trainer-image-uri ${registry}/counterweight/trainer@${digest}\n`,
  );
});

test('an index, which Lambda refuses, is refused after the push', async () => {
  mediaType = 'application/vnd.oci.image.index.v1+json';
  await expect(runCommand(imagesCommand, { rawArgs: ['--push'] })).rejects.toThrow(
    /counterweight\/functions:\S+ is of the type .*index.*, which Lambda refuses/,
  );
  expect(printed).toBe('');
});

test('without --push, the image stays on this machine', async () => {
  await runCommand(imagesCommand, { rawArgs: [] });
  expect(dockerCalls()).toEqual([
    expect.stringMatching(/ --tag counterweight\/functions:\S+ --load \//),
  ]);
  expect(requests).toEqual([]);
});

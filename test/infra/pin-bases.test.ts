import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pinBases, readDigest } from '../../infra/images/pin-bases.mjs';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const image = { host: 'public.ecr.aws', repository: 'lambda/nodejs', tag: '24' };

describe.each(['functions', 'trainer'])('the Dockerfile of the %s', (name) => {
  const file = new URL(`../../infra/images/${name}/Dockerfile`, import.meta.url);
  const text = readFileSync(file, 'utf8');

  test('is pinned, every stage to the same digest, and only its bases change', async () => {
    const asked: string[] = [];
    const pinned = await pinBases(text, async ({ repository, tag }) => {
      asked.push(`${repository}:${tag}`);
      return digest('a');
    });
    expect(asked).toHaveLength(1);
    expect(pinned.match(/^FROM \S+@sha256:a{64}( AS build)?$/gm)).toHaveLength(2);
    const others = (all: string) => all.split('\n').filter((line) => !line.startsWith('FROM'));
    expect(others(pinned)).toEqual(others(text));
    // The next update replaces the digest.
    const updated = await pinBases(pinned, async () => digest('b'));
    expect(updated).toBe(pinned.replaceAll('a'.repeat(64), 'b'.repeat(64)));
  });
});

/** Registry that answers as the specification has it. */
function registry(found: string) {
  const requests: string[] = [];
  const get: typeof fetch = async (url, { method = 'GET', headers } = {}) => {
    requests.push(`${method} ${url} ${new Headers(headers).get('authorization') ?? ''}`.trim());
    if (String(url).includes('/token/')) return Response.json({ token: 'open' });
    return new Response(null, { headers: { 'docker-content-digest': found } });
  };
  return { requests, get };
}

test('the registry gives a token, then the digest of the tag', async () => {
  const { requests, get } = registry(digest('c'));
  expect(await readDigest(image, get)).toBe(digest('c'));
  expect(requests).toEqual([
    'GET https://public.ecr.aws/token/?service=public.ecr.aws&scope=repository%3Alambda%2Fnodejs%3Apull',
    'HEAD https://public.ecr.aws/v2/lambda/nodejs/manifests/24 Bearer open',
  ]);
});

test('an answer without a digest is an error', async () => {
  await expect(readDigest(image, registry('none').get)).rejects.toThrow('has no digest: HTTP 200');
});

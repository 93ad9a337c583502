/**
 * Pins the base images of the Dockerfiles by digest, or updates the digests: npm run pin-images
 *
 * A tag such as nodejs:24 changes with every security update. With a digest, all builds have the
 * same base, and an update of the digest makes the next `deploy` build the images again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Kinds of manifest that a tag may name: an index of platforms, or a single image. */
const manifests = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

const from = /^FROM ((?<host>[^/\s]+)\/(?<repository>[^:@\s]+):(?<tag>[^@\s]+))(?:@\S+)?/gm;

/**
 * Returns a Dockerfile whose base images have their newest digests. A tag stays beside its digest,
 * for readers and for the next update.
 *
 * @param {string} dockerfile Text of the Dockerfile.
 * @param {(image: { host: string, repository: string, tag: string }) => Promise<string>} digestOf
 * @example FROM public.ecr.aws/lambda/nodejs:24@sha256:… AS build
 */
export async function pinBases(dockerfile, digestOf) {
  /** @type {Map<string, string>} */
  const digests = new Map();
  for (const { 1: name = '', groups } of dockerfile.matchAll(from)) {
    const { host = '', repository = '', tag = '' } = groups ?? {};
    // Once per image: the stages of a file must not differ.
    if (!digests.has(name)) digests.set(name, await digestOf({ host, repository, tag }));
  }
  return dockerfile.replaceAll(from, (_, name) => `FROM ${name}@${digests.get(name)}`);
}

/**
 * Asks a registry for the digest of a tag (OCI Distribution Specification, "Pulling manifests").
 * Amazon ECR Public gives everyone a token.
 *
 * @param {{ host: string, repository: string, tag: string }} image
 * @param {typeof fetch} get
 */
export async function readDigest({ host, repository, tag }, get = fetch) {
  const scope = encodeURIComponent(`repository:${repository}:pull`);
  const answer = await get(`https://${host}/token/?service=${host}&scope=${scope}`);
  if (!answer.ok) throw new Error(`${host} gives no token: HTTP ${answer.status}`);
  const { token } = /** @type {{ token: string }} */ (await answer.json());
  const url = `https://${host}/v2/${repository}/manifests/${tag}`;
  const headers = { authorization: `Bearer ${token}`, accept: manifests.join() };
  const manifest = await get(url, { method: 'HEAD', headers });
  const digest = manifest.headers.get('docker-content-digest') ?? '';
  if (!manifest.ok || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Error(`${url} has no digest: HTTP ${manifest.status}`);
  }
  return digest;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('Dockerfile')) continue;
    const path = `${folder}${file}`;
    const before = readFileSync(path, 'utf8');
    const after = await pinBases(before, (image) => readDigest(image));
    writeFileSync(path, after);
    console.log(`${file}: ${before === after ? 'unchanged' : 'updated'}`);
  }
}

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '#setup/cache-folder.mjs';
import { TransientError, UserError } from '../../errors.ts';
import { FolderStore } from '../../store/folder.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { EncoderConfig } from './config.ts';
import { type DescribedEncoder, describeEncoder } from './describe.ts';
import type { EncoderReads } from './encoder.ts';
import { modelPaths } from './find-encoder.ts';
import {
  type HubEnvironment,
  type HubListing,
  type HubModel,
  hubListingSchema,
  hubOf,
  listHub,
  parseHubPath,
} from './hub.ts';
import { downloadFile } from './hub-download.ts';

/** Options of `resolveEncoder`, for tests. */
export interface ResolveOptions {
  /** Folder for downloads. Default: the user's cache; on AWS the temporary folder. */
  readonly cache?: string;
  /** Default: the variables of this process. */
  readonly env?: HubEnvironment;
}

/**
 * Finds an encoder, in the dataset or on the Hugging Face hub, and describes it. Files of the hub
 * are downloaded into a cache, and a branch or tag is pinned to its commit.
 *
 * @param data The dataset, which has the encoder's folder.
 * @param reads Kind of content of the task.
 * @throws UserError if the encoder is missing, does not fit, or cannot be downloaded.
 * @throws TransientError if the hub is busy.
 */
export async function resolveEncoder(
  data: ObjectStore,
  config: EncoderConfig,
  reads: EncoderReads,
  { cache = defaultCache(), env = process.env }: ResolveOptions = {},
): Promise<DescribedEncoder> {
  const model = parseHubPath(config.path);
  if (model === undefined) return describeEncoder(data, config, reads);
  const { folder, commit } = await downloadEncoder(model, config.file, cache, env);
  const source = `hf:${model.repository}@${commit}`;
  return describeEncoder(new FolderStore(folder), { ...config, path: '.' }, reads, source);
}

function defaultCache(): string {
  const isFunction = process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  return join(isFunction ? tmpdir() : cacheFolder(), 'hub');
}

/** Downloads the files of an encoder, and nothing else of the repository. */
async function downloadEncoder(
  { repository, revision }: HubModel,
  file: string | undefined,
  cache: string,
  env: HubEnvironment,
): Promise<{ folder: string; commit: string }> {
  const parent = join(cache, repository.replace('/', '--'));
  const listing =
    (await keptListing(parent, revision)) ??
    (await listHub({ repository, revision }, env).catch((error) =>
      adviseKept(error, repository, parent),
    ));
  const commit = listing.sha;
  const folder = join(parent, commit);
  const pinned = { repository, revision: commit };
  const names = encoderFiles(listing, file, pinned, env);
  for (const sibling of listing.siblings) {
    if (names.has(sibling.rfilename)) await downloadFile(pinned, sibling, folder, env);
  }
  await keepListing(parent, listing);
  return { folder, commit };
}

const isCommit = /^[0-9a-f]{40}$/;

/** Reads the listing of a commit whose files were downloaded before: it needs no network. */
async function keptListing(parent: string, revision: string): Promise<HubListing | undefined> {
  if (!isCommit.test(revision)) return undefined;
  try {
    return hubListingSchema.parse(
      JSON.parse(await readFile(listingPath(parent, revision), 'utf8')),
    );
  } catch {
    return undefined; // Missing or damaged: the hub lists them again.
  }
}

/** Adds the commits that were downloaded before to the hint of an error, and throws it. */
async function adviseKept(error: unknown, repository: string, parent: string): Promise<never> {
  const names = await readdir(parent).catch(() => []);
  const commits = names.flatMap((name) => /^([0-9a-f]{40})\.json$/.exec(name)?.[1] ?? []);
  const isOfHub = error instanceof UserError || error instanceof TransientError;
  if (!isOfHub || commits.length === 0) throw error;
  const paths = commits.map((commit) => `hf:${repository}@${commit}`).join(' or ');
  const hint = `${error.hint}\nWas downloaded before: ${paths}.`;
  throw error instanceof UserError
    ? new UserError(error.message, hint)
    : new TransientError(error.message, { hint });
}

async function keepListing(parent: string, listing: HubListing): Promise<void> {
  const path = listingPath(parent, listing.sha);
  await mkdir(parent, { recursive: true });
  const made = `${path}.${randomUUID()}`;
  await writeFile(made, JSON.stringify(listing));
  await rename(made, path);
}

function listingPath(parent: string, commit: string): string {
  return join(parent, `${commit}.json`);
}

/** Files of a model besides the main one. */
const partOf: Readonly<Record<string, RegExp>> = {
  'saved_model.pb': /^(variables|assets)\//,
  'model.json': /^[^/]*\.bin$/,
};

/** Files beside a model that have its settings. */
const settings =
  /^(tokenizer|tokenizer_config|config|preprocessor_config|modules|sentence_bert_config|config_sentence_transformers)\.json$|^\d+_\w+\/config\.json$/;

/**
 * Returns the names of the files that an encoder needs.
 * @throws UserError if the repository has no model that can be read here.
 */
function encoderFiles(
  { siblings }: HubListing,
  file: string | undefined,
  { repository, revision }: HubModel,
  env: HubEnvironment,
): Set<string> {
  const all = siblings.map(({ rfilename }) => rfilename);
  const model = (file === undefined ? modelPaths : [file]).find((name) => all.includes(name));
  if (model === undefined) {
    const others = all.filter((name) => name.endsWith('.onnx')).slice(0, 5);
    throw new UserError(
      `${repository}@${revision} on ${hubOf(env)} has no ${file ?? modelPaths.join(', ')}`,
      others.length > 0
        ? `Set encoder.file, such as ${others.join(' or ')}.`
        : 'Use an ONNX export of the model, such as by onnx-community or Xenova; or run optimum-cli export onnx --model NAME encoder, and set encoder: encoder.',
    );
  }
  // The weights of an ONNX model may be in files such as model.onnx_data.
  const isPart = (name: string) =>
    model.endsWith('.onnx')
      ? name.startsWith(`${model}_`) || name.startsWith(`${model}.`)
      : partOf[model]?.test(name);
  return new Set(all.filter((name) => name === model || isPart(name) || settings.test(name)));
}

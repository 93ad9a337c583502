import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { cacheFolder } from '#setup/cache-folder.mjs';
import { TransientError, UserError } from '../../errors.ts';
import { FolderStore } from '../../store/folder.ts';
import type { ObjectStore } from '../../store/store.ts';
import { readOnnxFacts } from '../teachers/onnx-file.ts';
import type { EncoderConfig } from './config.ts';
import { type DescribedEncoder, describeEncoder } from './describe.ts';
import type { EncoderReads } from './encoder.ts';
import { modelCandidates } from './find-encoder.ts';
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
  const { folder, commit } = await downloadEncoder(model, candidatesOf(config, reads), cache, env);
  const source = `hf:${model.repository}@${commit}`;
  return describeEncoder(new FolderStore(folder), { ...config, path: '.' }, reads, source);
}

function defaultCache(): string {
  const isFunction = process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  return join(isFunction ? tmpdir() : cacheFolder(), 'hub');
}

/** Returns the paths where the repository may have the model, the preferred one first. */
function candidatesOf({ file }: EncoderConfig, reads: EncoderReads): readonly string[] {
  return file === undefined ? modelCandidates(reads) : [file];
}

/** Downloads the files of an encoder, and nothing else of the repository. */
async function downloadEncoder(
  { repository, revision }: HubModel,
  candidates: readonly string[],
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
  const model = modelIn(listing, candidates, pinned, env);
  const download = async (isWanted: (name: string) => boolean) => {
    for (const sibling of listing.siblings) {
      if (isWanted(sibling.rfilename)) await downloadFile(pinned, sibling, folder, env);
    }
  };
  const isPart = isPartOf(model);
  await download((name) => name === model || isPart(name) || settings.test(name));
  // The weights of an ONNX model may also be in files with other names, which the model has.
  const weights = model.endsWith('.onnx') ? await weightsOf(folder, model) : [];
  await download((name) => weights.includes(name) && !isPart(name));
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
  /^(tokenizer|tokenizer_config|config|preprocessor_config|processor_config|modules|sentence_bert_config|config_sentence_transformers)\.json$|^\d+_\w+\/config\.json$/;

/**
 * Returns the name of the model.
 * @throws UserError if the repository has no model that can be read here.
 */
function modelIn(
  { siblings }: HubListing,
  candidates: readonly string[],
  { repository, revision }: HubModel,
  env: HubEnvironment,
): string {
  const all = siblings.map(({ rfilename }) => rfilename);
  const model = candidates.find((name) => all.includes(name));
  if (model !== undefined) return model;
  const others = all.filter((name) => name.endsWith('.onnx')).slice(0, 5);
  throw new UserError(
    `${repository}@${revision} on ${hubOf(env)} has no ${candidates.join(', ')}`,
    others.length > 0
      ? `Set encoder.file, such as ${others.join(' or ')}.`
      : 'Use an ONNX export of the model, such as by onnx-community or Xenova; or run optimum-cli export onnx --model NAME encoder, and set encoder: encoder.',
  );
}

/** Returns whether a file is a part of the model by its name, such as model.onnx_data. */
function isPartOf(model: string): (name: string) => boolean {
  return (name) =>
    model.endsWith('.onnx')
      ? name.startsWith(`${model}_`) || name.startsWith(`${model}.`)
      : (partOf[model]?.test(name) ?? false);
}

/** Lists the files with external weights of an ONNX model, by their paths in the repository. */
async function weightsOf(folder: string, model: string): Promise<string[]> {
  const { externalData } = await readOnnxFacts(createReadStream(join(folder, model)));
  return externalData.map((location) => posix.join(posix.dirname(model), location));
}

/**
 * Talks to the Hugging Face hub. Its interface, as the Python package huggingface_hub uses it:
 * `/api/models/REPO/revision/REVISION?blobs=true` lists the files of a commit with their digests,
 * and `/REPO/resolve/COMMIT/PATH` returns a file.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { TransientError, UserError } from '../../errors.ts';

/** Environment variables that select the hub. */
export interface HubEnvironment {
  /** Address of a mirror. Default: https://huggingface.co */
  readonly HF_ENDPOINT?: string | undefined;
  /** Token for private models. */
  readonly HF_TOKEN?: string | undefined;
}

/** A model on the hub, as the config names it. */
export interface HubModel {
  /** `owner/name` */
  readonly repository: string;
  /** A commit, branch or tag. */
  readonly revision: string;
}

/** A name or revision that starts with a dot would change the meaning of an address. */
const path = /^hf:((?:\w[\w.-]*\/)?\w[\w.-]*)(?:@([^\s@.][^\s@]*))?$/;

/**
 * Parses `hf:owner/name@revision`. The default revision is `main`.
 * @returns undefined for the path of a folder.
 * @throws UserError if it starts with `hf:` and has another form.
 */
export function parseHubPath(text: string): HubModel | undefined {
  if (!text.startsWith('hf:')) return undefined;
  const [, repository, revision = 'main'] = path.exec(text) ?? [];
  if (repository !== undefined && !text.includes('..')) return { repository, revision };
  throw new UserError(
    `encoder: '${text}' is not a model of the Hugging Face hub`,
    'Write hf:OWNER/NAME@REVISION, such as hf:Xenova/all-MiniLM-L6-v2@main.',
  );
}

const siblingSchema = z.looseObject({
  rfilename: z.string(),
  size: z.int().nonnegative().nullish(),
  /** SHA-1 of git. */
  blobId: z.string().nullish(),
  /** Large files: the SHA-256 of their bytes. */
  lfs: z.looseObject({ sha256: z.string().nullish() }).nullish(),
});
export const hubListingSchema = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{40}$/, 'expected a commit'),
  siblings: z.array(siblingSchema),
});
/** The files of a commit. */
export type HubListing = z.infer<typeof hubListingSchema>;
export type HubFile = HubListing['siblings'][number];

/** A request to the hub, for errors about it. */
export interface HubRequest {
  readonly model: HubModel;
  /** Name of the requested file. */
  readonly wanted: string;
  readonly env: HubEnvironment;
}

/** Time until the hub must answer, in ms. */
const answerMs = 30_000;
const attempts = 4;

/**
 * Lists the files of a revision.
 * @throws UserError if the hub cannot be reached, or has no such model or revision.
 * @throws TransientError if the hub is busy.
 */
export async function listHub(model: HubModel, env: HubEnvironment): Promise<HubListing> {
  const { repository, revision } = model;
  const url = `/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const wanted = `the list of files of ${repository}@${revision}`;
  const request = { model, wanted, env };
  const response = await askHub(url, request);
  const body: unknown = await response.json().catch((error: Error) => {
    if (error instanceof SyntaxError) return undefined;
    throw brokenOff(error, request);
  });
  const parsed = hubListingSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const type = response.headers.get('content-type') ?? 'no content-type';
  const problem =
    body === undefined ? `expected JSON, received ${type}` : z.prettifyError(parsed.error);
  throw new UserError(
    `${hubOf(env)}${url} does not answer as the Hugging Face hub does: ${problem}`,
    `Check HF_ENDPOINT, and that no proxy or login page answers instead. ${withoutHub(model)}`,
  );
}

/**
 * Starts to download a file of a commit.
 * @param start Bytes that are already there. If these are all, the status of the answer is 416.
 * @throws UserError if the hub cannot be reached, or refuses the file.
 * @throws TransientError if the hub is busy.
 */
export async function readHub(
  model: HubModel,
  file: string,
  start: number,
  env: HubEnvironment,
): Promise<Response> {
  const { repository, revision } = model;
  const name = file.split('/').map(encodeURIComponent).join('/');
  const headers: Record<string, string> = start > 0 ? { Range: `bytes=${start}-` } : {};
  const request = { model, wanted: fileOf(model, file), env };
  return askHub(`/${repository}/resolve/${revision}/${name}`, request, headers);
}

/** Names a file of a model, for errors. */
export function fileOf({ repository, revision }: HubModel, file: string): string {
  return `${file} of ${repository}@${revision}`;
}

/** @throws UserError if the environment variable is not an address. */
export function hubOf({ HF_ENDPOINT: endpoint }: HubEnvironment): string {
  const hub = (endpoint?.trim() || 'https://huggingface.co').replace(/\/+$/, '');
  if (/^https?:\/\//.test(hub) && URL.canParse(hub)) return hub;
  throw new UserError(
    `HF_ENDPOINT is '${hub}', which is not an address`,
    'Write it with https://, such as https://huggingface.co, or unset the variable.',
  );
}

/** @throws UserError if a header cannot hold the token. The message does not contain the token. */
function tokenOf({ HF_TOKEN: written }: HubEnvironment): string | undefined {
  const token = written?.trim();
  if (!token || /^[!-~]+$/.test(token)) return token;
  throw new UserError(
    'HF_TOKEN has characters that no token has, such as a space or a line end',
    'Copy the token again from the settings of your account on the hub.',
  );
}

/** Sends a request; tries again if the hub is busy. */
async function askHub(
  url: string,
  request: HubRequest,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { env } = request;
  const token = tokenOf(env);
  // fetch leaves out the token when the hub redirects to another host.
  // A part of a compressed file could not be resumed.
  const identity = { 'Accept-Encoding': 'identity' };
  const sent = { ...identity, ...headers, ...(token && { Authorization: `Bearer ${token}` }) };
  for (let attempt = 1; ; attempt++) {
    const response = await answerOf(hubOf(env) + url, sent).catch((error: Error) => {
      throw unreachable(error, request);
    });
    if (response.ok || response.status === 416) return response;
    const isBusy = response.status === 429 || response.status >= 500;
    await response.body?.cancel();
    if (!isBusy) throw refusal(response, request);
    if (attempt === attempts) throw busy(response, request);
    await delay(retryMs * 2 ** attempt);
  }
}

/** Waits for an answer; its body may then take any time. */
async function answerOf(url: string, headers: Record<string, string>): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error('it does not answer')), answerMs);
  try {
    return await fetch(url, { headers, signal: abort.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Pause before the second attempt, in ms; it doubles with each further one. */
const retryMs = 100;

/** Returns the advice on how to use an encoder without the hub. */
export function withoutHub({ repository, revision }: HubModel): string {
  return `Without the hub, run 'hf download ${repository} --revision ${revision} --local-dir encoder' on another machine, copy the folder into the dataset, and set encoder: encoder.`;
}

function unreachable(error: Error, { wanted, model, env }: HubRequest): UserError {
  return new UserError(
    `${wanted} cannot be read: the Hugging Face hub (${hubOf(env)}) cannot be reached: ${causeOf(error)}`,
    withoutHub(model),
  );
}

/** Returns the error for an answer that breaks off. */
export function brokenOff(error: Error, { wanted, model, env }: HubRequest): UserError {
  return new UserError(
    `${wanted} cannot be read: the answer of the Hugging Face hub (${hubOf(env)}) breaks off: ${causeOf(error)}`,
    `Run the same command again. ${withoutHub(model)}`,
  );
}

function causeOf(error: Error): string {
  const { code, message } = (error.cause ?? error) as Error & { code?: string };
  return message || code || error.message;
}

function busy(response: Response, { wanted, model, env }: HubRequest): TransientError {
  const isLimit = response.status === 429 && !env.HF_TOKEN;
  const token = isLimit ? 'With a token in HF_TOKEN, the hub allows more requests. ' : '';
  return new TransientError(
    `${wanted} cannot be read: the Hugging Face hub (${hubOf(env)}) answers ${statusOf(response)}, ${attempts} times`,
    { hint: `Run the same command again in a few minutes. ${token}${withoutHub(model)}` },
  );
}

function statusOf({ status, statusText }: Response): string {
  return `${status} ${statusText}`.trim();
}

function refusal(response: Response, { wanted, model, env }: HubRequest): UserError {
  const { repository, revision } = model;
  const hub = hubOf(env);
  const code = response.headers.get('x-error-code');
  if (code === 'RevisionNotFound') {
    return new UserError(
      `${repository} has no revision '${revision}' on ${hub}`,
      'Give a branch, a tag or a whole commit, such as hf:OWNER/NAME@main.',
    );
  }
  if (code === 'EntryNotFound') {
    return new UserError(
      `${hub} lists ${wanted}, and does not have it`,
      `Check HF_ENDPOINT. ${withoutHub(model)}`,
    );
  }
  if (code === 'GatedRepo') {
    return new UserError(
      `${repository} on ${hub} asks its users to accept its conditions first`,
      `Accept them at ${hub}/${repository}, and set HF_TOKEN to a token of this account.`,
    );
  }
  if (response.status === 401 || response.status === 404) {
    return new UserError(
      `${repository} does not exist on ${hub}, or is private`,
      env.HF_TOKEN
        ? 'Check the name, and that the token in HF_TOKEN may read it.'
        : 'Check the name. For a private model set HF_TOKEN to a token that may read it.',
    );
  }
  return new UserError(
    `${hub} refuses ${wanted}: ${statusOf(response)}`,
    `Check HF_ENDPOINT, the token in HF_TOKEN and its rights, and that no proxy forbids it. ${withoutHub(model)}`,
  );
}

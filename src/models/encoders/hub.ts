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

/** Time until the hub must answer, in ms. */
const answerMs = 30_000;
const attempts = 4;

/**
 * Lists the files of a revision.
 * @throws UserError if the hub cannot be reached, or has no such model or revision.
 */
export async function listHub(model: HubModel, env: HubEnvironment): Promise<HubListing> {
  const { repository, revision } = model;
  const url = `/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await askHub(url, model, env);
  const body: unknown = await response.json().catch((error: Error) => {
    if (error instanceof SyntaxError) return undefined;
    throw unreachable(error, model, env);
  });
  const parsed = hubListingSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${hubOf(env)} does not answer as the Hugging Face hub does: ${z.prettifyError(parsed.error)}`,
    'Check HF_ENDPOINT.',
  );
}

/**
 * Starts to download a file of a commit.
 * @param start Bytes that are already there. If these are all, the status of the answer is 416.
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
  return askHub(`/${repository}/resolve/${revision}/${name}`, model, env, headers);
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
  model: HubModel,
  env: HubEnvironment,
  headers: Record<string, string> = {},
): Promise<Response> {
  const token = tokenOf(env);
  // fetch leaves out the token when the hub redirects to another host.
  // A part of a compressed file could not be resumed.
  const identity = { 'Accept-Encoding': 'identity' };
  const sent = { ...identity, ...headers, ...(token && { Authorization: `Bearer ${token}` }) };
  for (let attempt = 1; ; attempt++) {
    const response = await answerOf(hubOf(env) + url, sent).catch((error: Error) => {
      throw unreachable(error, model, env);
    });
    if (response.ok || response.status === 416) return response;
    const isBusy = response.status === 429 || response.status >= 500;
    if (!isBusy) throw refusal(response, model, env);
    await response.body?.cancel();
    if (attempt === attempts) {
      throw new TransientError(`${hubOf(env)} answers ${response.status} ${response.statusText}`);
    }
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

/** Returns the error for a hub that cannot be reached, with the way to do without it. */
export function unreachable(error: Error, model: HubModel, env: HubEnvironment): UserError {
  const { code, message } = (error.cause ?? error) as Error & { code?: string };
  return new UserError(
    `the Hugging Face hub (${hubOf(env)}) cannot be reached: ${message || code || error.message}`,
    `Without internet, run 'hf download ${model.repository} --revision ${model.revision} --local-dir encoder' on another machine, copy the folder into the dataset, and set encoder: encoder.`,
  );
}

function refusal(response: Response, model: HubModel, env: HubEnvironment): UserError {
  const { repository, revision } = model;
  const hub = hubOf(env);
  const code = response.headers.get('x-error-code');
  if (code === 'RevisionNotFound') {
    return new UserError(
      `${repository} has no revision '${revision}' on ${hub}`,
      'Give a branch, a tag or a whole commit, such as hf:OWNER/NAME@main.',
    );
  }
  if (code === 'GatedRepo' || response.status === 403) {
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
    `${hub} refuses ${repository}: ${response.status} ${response.statusText}`,
    'Check HF_ENDPOINT and HF_TOKEN.',
  );
}

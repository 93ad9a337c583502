/** Answers HTTP requests with a student: in a server of the user, and in a function on AWS. */
import { listNames } from '../data/columns.ts';
import { type Features, kindOf } from '../data/features/index.ts';
import { answerOf } from '../data/tables/predicted-examples.ts';
import { UserError } from '../errors.ts';
import { bytes, count, counted } from '../format.ts';
import type { StudentPrediction } from '../models/prediction.ts';
import type { Predictor } from '../models/predictor.ts';
import { itemsOf, type StudentExample, type UnusableInput } from '../models/student-input.ts';
import { nearest } from '../nearest.ts';

/** A request, as far as the answer depends on it. */
export interface ServiceRequest {
  /** HTTP method, in capital letters. */
  readonly method: string;
  /** Path of the URL. A query is not read. */
  readonly path: string;
  /** Chunks of the body. A body that is too large is not read to its end. */
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The answer to a request. */
export interface ServiceAnswer {
  /** HTTP status. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON object; with the fields `error` and `hint` for a wrong request. */
  readonly body: string;
}

/** Maximum size of a body. */
const maxBodyBytes = 10 * 1024 ** 2;

/** Maximum number of examples in a request. */
const maxExamples = 1_000;

/** Maximum number of further unusable examples that an answer names. */
const maxNamed = 10;

/** A wrong request, with the status of its answer. */
class RequestError extends UserError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, hint: string, headers = {}) {
    super(message, hint);
    this.status = status;
    this.headers = headers;
  }
}

const routes = new Map([
  ['/', { method: 'GET', answer: async (student: Predictor) => describe(student) }],
  ['/predict', { method: 'POST', answer: predict }],
]);

/**
 * Answers `GET /` with a description of the student, and `POST /predict` with predictions. The
 * body of the latter is a JSON list of examples, or the bytes of one image.
 *
 * @returns also the answer to a wrong request, with a status from 400 on.
 */
export async function answerRequest(
  student: Predictor,
  { method, path, body }: ServiceRequest,
): Promise<ServiceAnswer> {
  try {
    const route = routes.get(path.split('?')[0]!);
    if (!route) throw new RequestError(404, 'there is nothing at this path', routesText);
    if (method !== route.method) {
      throw new RequestError(405, `the method is ${method}`, routesText, { allow: route.method });
    }
    return answer(200, await route.answer(student, body));
  } catch (error) {
    if (error instanceof RequestError) return refusal(error.status, error, error.headers);
    throw error;
  }
}

const routesText = 'Send GET / or POST /predict.';

/** Returns the answer to a request that cannot be served, with the reason. */
export function refusal(
  status: number,
  { message, hint }: Pick<UserError, 'message' | 'hint'>,
  headers = {},
): ServiceAnswer {
  return answer(status, { error: message, hint }, headers);
}

function answer(status: number, content: object, headers = {}): ServiceAnswer {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return { status, headers: { ...type, ...headers }, body: `${JSON.stringify(content)}\n` };
}

function describe({ description, features }: Predictor) {
  const { classes, multiLabel = false, createdBy } = description;
  return { classes, multiLabel, examples: features, createdBy };
}

async function predict(student: Predictor, body: ServiceRequest['body']): Promise<object> {
  const { description, features } = student;
  const examples = parse(await read(body), features);
  checkColumns(examples, features);
  const unusable: UnusableInput[] = [];
  const predictions: StudentPrediction[] = [];
  const items = itemsOf(examples, features);
  for await (const batch of student.predict(items, (one) => unusable.push(one))) {
    predictions.push(...batch.predictions);
  }
  if (unusable.length > 0) throw notUsable(unusable);
  const { classes, multiLabel: isMultiLabel = false } = description;
  return { predictions: predictions.map((one) => answerOf(one, { classes, isMultiLabel })) };
}

/** Reads a body. @throws RequestError if it is too large. */
async function read(body: ServiceRequest['body']): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBodyBytes) {
      const limit = bytes(maxBodyBytes);
      throw new RequestError(413, `the body is larger than ${limit}`, 'Send fewer examples.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads the examples of a body.
 * @throws RequestError if it has none, or too many.
 */
function parse(body: Buffer, features: Features): StudentExample[] {
  const readsBytes = kindOf(features).column?.type === 'bytes';
  // No format of images begins like a JSON list.
  const isJson = body.toString('latin1', 0, 100).trimStart().startsWith('[');
  if (readsBytes && !isJson && body.length > 0) return [body];
  const examples = parseList(body, readsBytes);
  if (examples.length > maxExamples) {
    const found = counted(examples.length, 'example');
    const hint = `Send at most ${count(maxExamples)} per request.`;
    throw new RequestError(413, `the request has ${found}`, hint);
  }
  if (!readsBytes) return examples;
  return examples.map((one) => (typeof one === 'string' ? Buffer.from(one, 'base64') : one));
}

function parseList(body: Buffer, readsBytes: boolean): StudentExample[] {
  const hint = readsBytes
    ? 'Send the bytes of an image, or a JSON list of images in base64.'
    : 'Send a JSON list of examples. GET / describes them.';
  let list: unknown;
  try {
    list = JSON.parse(body.toString('utf8'));
  } catch (error) {
    const { message } = error as SyntaxError;
    const fault = body.length === 0 ? 'the body is empty' : `the body is not JSON: ${message}`;
    throw new RequestError(400, fault, hint);
  }
  if (!Array.isArray(list)) throw new RequestError(400, 'the body is not a JSON list', hint);
  // `itemsOf` checks each example.
  return list;
}

/** @throws RequestError if a row lacks a column, which would silently count as missing. */
function checkColumns(examples: readonly StudentExample[], features: Features): void {
  if (features.kind !== 'row') return;
  const columns = features.columns.map(({ name }) => name);
  for (const [index, example] of examples.entries()) {
    if (typeof example !== 'object' || example === null || Array.isArray(example)) continue;
    const lacking = columns.filter((name) => !Object.hasOwn(example, name));
    const [first] = lacking;
    if (first === undefined) continue;
    const others = Object.keys(example).filter((name) => !columns.includes(name));
    const meant = nearest(first, others);
    const rename = meant === undefined ? '' : `Perhaps rename '${meant}' to '${first}'. `;
    throw new RequestError(
      400,
      `example ${index} lacks ${counted(lacking.length, 'column')}: ${listNames(lacking)}`,
      `${rename}A value that is not known is null.`,
    );
  }
}

function notUsable(unusable: readonly UnusableInput[]): RequestError {
  const [first, ...others] = unusable;
  const named = others.slice(0, maxNamed).map(({ id }) => id);
  const more = others.length > named.length ? ', …' : '';
  const also =
    others.length === 0
      ? ''
      : ` ${counted(others.length, 'other example')} cannot be used either: ${named.join(', ')}${more}.`;
  return new RequestError(
    400,
    `example ${first!.id} cannot be used: ${first!.reason}${also}`,
    'Examples are counted from 0. GET / describes what the student reads.',
  );
}

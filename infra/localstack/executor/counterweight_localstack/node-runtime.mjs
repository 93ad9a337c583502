/**
 * Process of one function: imports its handler, and calls it with one event of the Lambda Runtime
 * API after the other. Only for async handlers, like Node 24's runtime on AWS.
 */
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root = '', _HANDLER = '' } = process.env;
const agent = new Agent({ keepAlive: true });

/** @typedef {(event: unknown, context: object) => Promise<unknown>} Handler */

/** @type {Handler} */
let handler;
try {
  handler = await load(_HANDLER);
} catch (error) {
  await fail('/runtime/init/error', error);
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call('GET', '/runtime/invocation/next');
  const context = contextOf(headers);
  const id = context.awsRequestId;
  try {
    const result = await handler(JSON.parse(body || '{}'), context);
    await endOfLines();
    await call('POST', `/runtime/invocation/${id}/response`, JSON.stringify(result ?? null));
  } catch (error) {
    await fail(`/runtime/invocation/${id}/error`, error, id);
  }
}

/**
 * Imports a handler.
 *
 * @param {string} handlerName `index.handler`: the export `handler` of `index.mjs` or `index.js`.
 * @returns {Promise<Handler>}
 */
async function load(handlerName) {
  const { dir, name, ext } = path.parse(handlerName);
  const files = ['.mjs', '.js'].map((end) => path.join(root, dir, name + end));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) throw named('Runtime.ImportModuleError', `There is no ${files[0]}`);
  const found = (await import(pathToFileURL(file).href))[ext.slice(1)];
  if (typeof found === 'function') return found;
  throw named('Runtime.HandlerNotFound', `${file} exports no function ${ext.slice(1)}`);
}

/** @param {string} name @param {string} message */
function named(name, message) {
  return Object.assign(new Error(message), { name });
}

/** @param {import('node:http').IncomingHttpHeaders} headers */
function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  process.env._X_AMZN_TRACE_ID = String(headers['lambda-runtime-trace-id']);
  return {
    awsRequestId: String(headers['lambda-runtime-aws-request-id']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

/**
 * Writes the error as a line, as Lambda does, and reports it.
 *
 * @param {string} route @param {unknown} thrown @param {string} [requestId]
 */
async function fail(route, thrown, requestId) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const trace = (error.stack ?? '').split('\n');
  const facts = { errorType: error.name, errorMessage: error.message };
  const timestamp = new Date().toISOString();
  const message = { ...facts, stackTrace: trace };
  console.error(JSON.stringify({ timestamp, level: 'ERROR', requestId, message }));
  await endOfLines();
  await call('POST', route, JSON.stringify({ ...facts, trace }));
}

/** Marks the end of the lines of this invocation, for the executor. */
function endOfLines() {
  return new Promise((done) => process.stdout.write('\n\0\n', done));
}

/**
 * @param {string} method @param {string} route @param {string} [body]
 * @returns {Promise<{ headers: import('node:http').IncomingHttpHeaders, body: string }>}
 */
function call(method, route, body) {
  return new Promise((resolve, reject) => {
    const url = `http://${api}/2018-06-01${route}`;
    const sent = request(url, { method, agent }, async (response) => {
      const chunks = await response.toArray();
      resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() });
    });
    sent.on('error', reject);
    if (body !== undefined) sent.setHeader('Content-Length', Buffer.byteLength(body));
    sent.end(body);
  });
}

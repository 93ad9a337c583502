/**
 * Process of one function: loads the bundle, as the runtime of Lambda does, and calls the handler
 * with each event that its parent sends. Writes everything that an error contains to its log.
 */
import { pathToFileURL } from 'node:url';

/** @typedef {(event: unknown, context: object) => Promise<unknown>} Handler */

// The runtime of Lambda listens before it loads the handler.
process.on('uncaughtException', write);
process.on('unhandledRejection', write);

const [bundle = ''] = process.argv.slice(2);
/** @type {Handler} */
const handler = (await import(pathToFileURL(bundle).href)).handler;

process.on('message', async (event) => {
  if (isCrash(event)) return crash(event.crash);
  process.send?.(await answer(event));
});
process.send?.('ready');

/** @param {unknown} event @returns {event is { crash: string }} */
function isCrash(event) {
  return typeof event === 'object' && event !== null && 'crash' in event;
}

/**
 * Throws errors that no code catches.
 *
 * @param {string} message
 */
function crash(message) {
  Promise.reject(Object.assign(new Error(message), { example: message }));
  setTimeout(() => {
    setTimeout(() => process.send?.({ result: null }));
    throw Object.assign(new TypeError(message, { cause: new Error(message) }), { label: message });
  });
}

/** @param {unknown} event */
async function answer(event) {
  const context = { awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => 600_000 };
  try {
    return { result: (await handler(event, context)) ?? null };
  } catch (error) {
    write(error);
    return { error: error instanceof Error ? { name: error.name, message: error.message } : error };
  }
}

/** @param {unknown} thrown */
function write(thrown) {
  if (!(thrown instanceof Error)) return console.error(String(thrown));
  const { name: errorType, message: errorMessage, stack: stackTrace } = thrown;
  const fields = Object.getOwnPropertyNames(thrown).map((name) => [
    name,
    Reflect.get(thrown, name),
  ]);
  console.error(JSON.stringify({ level: 'ERROR', errorType, errorMessage, stackTrace, fields }));
  console.error(thrown);
}

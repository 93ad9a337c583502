/**
 * The label function as AWS Lambda starts it, from the bundle: node label-function.js EVENT
 *
 * Prints the milliseconds from the start of the process to the first answer.
 */
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

Object.assign(process.env, {
  TASK: 'Label',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3008',
  AWS_REGION: 'us-east-1',
  POWERTOOLS_METRICS_NAMESPACE: 'counterweight',
});
const [event = ''] = process.argv.slice(2);
const { handler } = await import(join(packageRoot, 'dist', 'lambda', 'index.mjs'));
const deadlineMs = Date.now() + 60_000;
await handler(JSON.parse(event), {
  awsRequestId: 'first',
  getRemainingTimeInMillis: () => deadlineMs - Date.now(),
});
console.log(JSON.stringify({ ms: performance.now() }));

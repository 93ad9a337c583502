/**
 * The only file that imports tfjs-node, so that all workarounds are in one place. tfjs-node 4.22
 * calls `util.isNullOrUndefined` and `util.isArray`, which Node 23 removed. By default TensorFlow
 * writes its start-up notes to standard error. Two lines about oneDNN cannot be suppressed:
 * TensorFlow 2.21 writes them while it is being loaded.
 */
import util from 'node:util';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { UserError } from './errors.ts';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

const nodeUtil: Record<string, unknown> = util as unknown as Record<string, unknown>;
nodeUtil.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
nodeUtil.isArray ??= Array.isArray;

// Imported after the workarounds: a static import would run first.
const tensorflow = await import('@tensorflow/tfjs-node').catch((error: Error) => {
  // tfjs-node's own advice would download another TensorFlow.
  throw new UserError(
    `TensorFlow cannot be loaded: ${error.message.split('\n')[0]}`,
    'To see what is missing, and its fix: counterweight doctor',
  );
});
export const tf = tensorflow.default ?? tensorflow;

// Without a GPU, TensorFlow would silently train on the CPU, at the price of a GPU machine.
const { isUsingGpuDevice } = tf.backend() as NodeJSKernelBackend;
if (process.env.COUNTERWEIGHT_GPU === '1' && !isUsingGpuDevice) {
  throw new UserError(
    'COUNTERWEIGHT_GPU=1 requires a GPU, and TensorFlow finds none on this machine',
    'Check the NVIDIA driver with nvidia-smi.',
  );
}

export type * as tfTypes from '@tensorflow/tfjs-node';

/**
 * The only file that imports tfjs-node, so that its gaps are filled in one place. tfjs-node 4.22
 * calls `util.isNullOrUndefined` and `util.isArray`, which Node 23 removed, and TensorFlow
 * writes its start-up notes to standard error unless it is told not to.
 */
import util from 'node:util';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

const nodeUtil: Record<string, unknown> = util as unknown as Record<string, unknown>;
nodeUtil.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
nodeUtil.isArray ??= Array.isArray;

// Imported after the gaps are filled: a static import would run first.
const tensorflow = await import('@tensorflow/tfjs-node');
export const tf = tensorflow.default ?? tensorflow;
export type * as tfTypes from '@tensorflow/tfjs-node';

/**
 * The only file that imports onnxruntime-node. onnxruntime 1.30 sends telemetry unless
 * ORT_DISABLE_TELEMETRY is set before its library is loaded.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';

// Imported after the variable is set: a static import would run first.
const { InferenceSession, Tensor } = await import('onnxruntime-node');

export type * as ort from 'onnxruntime-node';
export { InferenceSession, Tensor };

// TensorFlow's kernels by name, for kernels without an operation in tfjs.
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import type { TFEOpAttr, TFJSBinding } from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import { tf } from '../tensorflow.ts';

export type Attribute = TFEOpAttr;
export type Binding = TFJSBinding;

// tf.backend() has the type of a backend of any platform.
export const backend = tf.backend() as NodeJSKernelBackend;

type AttributeKind = 'STRING' | 'INT' | 'FLOAT' | 'BOOL' | 'TYPE' | 'SHAPE';

export function attribute(name: string, kind: AttributeKind, value: Attribute['value']): Attribute {
  return { name, type: backend.binding[`TF_ATTR_${kind}`], value };
}

/** Makes the attribute of a kernel on floats. */
export function floatType(name: string): Attribute {
  return attribute(name, 'TYPE', backend.binding.TF_FLOAT);
}

import { join } from 'node:path';
import type { StudentDescription } from '../student-description.ts';
import type { Exporter } from './exporter.ts';
import { encoderWithHead } from './onnx-encoder.ts';
import { metadataOf } from './onnx-metadata.ts';
import { appendOperations } from './onnx-steps.ts';
import type { Precision } from './onnx-weights.ts';
import { modelBytes, OnnxWriter } from './onnx-writer.ts';
import { outputName, type Program } from './operations.ts';
import { studentProgram } from './student-program.ts';

/** ONNX, with the preprocessing inside: raw examples in, probabilities out. */
export const onnxExporter = {
  ...onnxFile('model.onnx', 'float32'),
  name: 'onnx',
  writeWithEncoder: async (student, encoder) =>
    new Map([['model.onnx', await encoderWithHead(student, encoder)]]),
} as const satisfies Exporter;

/** The same with weights of 16 bits: half the size. */
export const onnxFloat16Exporter = {
  ...onnxFile('model.float16.onnx', 'float16'),
  name: 'onnx-float16',
  isRounded: true,
} as const satisfies Exporter;

/** The same with weights of 8 bits: a quarter of the size. */
export const onnxInt8Exporter = {
  ...onnxFile('model.int8.onnx', 'int8'),
  name: 'onnx-int8',
  isRounded: true,
} as const satisfies Exporter;

/** Makes the parts of an exporter that depend on the weights. */
function onnxFile(file: string, precision: Precision): Pick<Exporter, 'files' | 'write' | 'open'> {
  return {
    files: [file],
    write(model, description) {
      const program = studentProgram(model, description);
      return new Map([[file, onnxBytes(program, description, precision)]]);
    },
    async open(folder) {
      // The student may contain an encoder of the user.
      const { loadModelFile } = await import('../confined/load-model.ts');
      const { onnxKind } = await import('../teachers/onnx.ts');
      return loadModelFile(onnxKind, { folder, path: join(folder, file), name: file });
    },
  };
}

/** Encodes a program as an ONNX model. */
function onnxBytes(
  program: Program,
  description: StudentDescription,
  precision: Precision,
): Buffer {
  const graph = new OnnxWriter();
  for (const { value } of program.inputs) graph.reserve(value.name);
  graph.reserve(outputName);
  appendOperations(graph, program, precision);
  return modelBytes(
    graph,
    program.inputs.map(({ value, type }) => ({ ...value, type })),
    [{ name: outputName, type: 'float32', shape: program.output.shape }],
    metadataOf(
      description,
      Object.fromEntries(program.inputs.map((input) => [input.value.name, input.description])),
    ),
  );
}

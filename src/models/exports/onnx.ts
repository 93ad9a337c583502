import { join } from 'node:path';
import type { StudentDescription } from '../student-description.ts';
import type { Exporter } from './exporter.ts';
import { encoderWithHead } from './onnx-encoder.ts';
import { metadataOf } from './onnx-metadata.ts';
import { appendOperations } from './onnx-steps.ts';
import { modelBytes, OnnxWriter } from './onnx-writer.ts';
import { outputName, type Program } from './operations.ts';
import { studentProgram } from './student-program.ts';

const onnxFile = 'model.onnx';

/** ONNX, with the preprocessing inside: raw examples in, probabilities out. */
export const onnxExporter = {
  name: 'onnx',
  files: [onnxFile],
  write(model, description) {
    const program = studentProgram(model, description);
    return new Map([[onnxFile, onnxBytes(program, description)]]);
  },
  writeWithEncoder: async (student, encoder) =>
    new Map([[onnxFile, await encoderWithHead(student, encoder)]]),
  async open(folder) {
    const { loadOnnx } = await import('../teachers/onnx.ts');
    return loadOnnx(join(folder, onnxFile));
  },
} as const satisfies Exporter;

/** Encodes a program as an ONNX model. */
function onnxBytes(program: Program, description: StudentDescription): Buffer {
  const graph = new OnnxWriter();
  for (const { value } of program.inputs) graph.reserve(value.name);
  graph.reserve(outputName);
  appendOperations(graph, program);
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

import { join } from 'node:path';
import type { StudentDescription } from '../student-description.ts';
import type { Exporter } from './exporter.ts';
import { appendOnnxStep } from './onnx-steps.ts';
import { modelBytes, OnnxWriter } from './onnx-writer.ts';
import { outputName, type Program, type RawInput } from './operations.ts';
import { studentProgram } from './student-program.ts';

export const onnxFile = 'model.onnx';

/** ONNX, with the preprocessing inside: raw examples in, probabilities out. */
export const onnxExporter = {
  name: 'onnx',
  files: [onnxFile],
  write(model, description) {
    const program = studentProgram(model, description);
    return new Map([[onnxFile, onnxBytes(program, description)]]);
  },
  async open(folder) {
    const { loadOnnx } = await import('../teachers/onnx.ts');
    return loadOnnx(join(folder, onnxFile));
  },
} as const satisfies Exporter;

/** Encodes a program as an ONNX model. */
export function onnxBytes(program: Program, description: StudentDescription): Buffer {
  const graph = new OnnxWriter();
  for (const { value } of program.inputs) graph.reserve(value.name);
  graph.reserve(outputName);
  appendOperations(graph, program);
  return modelBytes(
    graph,
    program.inputs.map(({ value, type }) => ({ ...value, type })),
    [{ name: outputName, type: 'float32', shape: program.output.shape }],
    metadataOf(description, program.inputs),
  );
}

/** Appends operations, the last of which gets the name of the output. */
export function appendOperations(
  graph: OnnxWriter,
  { operations, output }: Pick<Program, 'operations' | 'output'>,
): void {
  const names = new Map<string, string>();
  const nameOf = ({ name }: { readonly name: string }) => names.get(name) ?? name;
  for (const operation of operations) {
    names.set(operation.output.name, appendOnnxStep(graph, operation, nameOf));
  }
  graph.node('Identity', [nameOf(output)], outputName, { output: outputName });
}

/** Returns the metadata of a model: its classes, and what to give to each input. */
export function metadataOf(
  { classes, multiLabel }: StudentDescription,
  inputs: readonly Pick<RawInput, 'value' | 'description'>[],
): Record<string, string> {
  const described = inputs.map(({ value, description }) => [value.name, description]);
  return {
    classes: JSON.stringify(classes),
    inputs: JSON.stringify(Object.fromEntries(described)),
    multiLabel: String(multiLabel === true),
  };
}

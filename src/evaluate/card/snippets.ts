/** Lines of code that the programs of a card share. */
import type { CardFacts, CardProgram } from './facts.ts';

/**
 * Returns a program that reads the ONNX file, or states why there is no such file.
 * @param lines Makes the program.
 */
export function onnxProgram(
  { run, student }: CardFacts,
  packages: readonly string[],
  lines: () => readonly string[],
): CardProgram {
  const { exports } = run.students.find(({ variant }) => variant === student)!;
  const record = exports.find(({ format }) => format === 'onnx');
  if (record === undefined) return { none: 'the student has no `model.onnx`' };
  if ('leftOut' in record) return { none: `the student has no \`model.onnx\`: ${record.leftOut}` };
  return { packages, lines: lines() };
}

/** Returns Python that opens the ONNX file. @param imports of modules that only one kind needs. */
export function sessionLines(imports: readonly string[]): string[] {
  const modules = ['import json', 'import onnxruntime'];
  const all = [...modules, ...imports.filter((line) => line.startsWith('import '))].sort();
  return [
    ...all,
    ...imports.filter((line) => line.startsWith('from ')),
    '',
    "session = onnxruntime.InferenceSession('model.onnx')",
    "classes = json.loads(session.get_modelmeta().custom_metadata_map['classes'])",
  ];
}

/** Returns the end of the Python function `predict`. @param feeds Inputs by name, in Python. */
export function answerLines(feeds: string): string[] {
  return [
    `    [probabilities] = session.run(['probabilities'], ${feeds})`,
    '    return dict(zip(classes, probabilities[0].tolist()))',
  ];
}

/** Joins items to lines, each with a comma at its end. */
export function joinedLines(items: readonly string[], maxLength = 96): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const longer = `${lines.at(-1) ?? ''} ${item},`;
    if (lines.length > 0 && longer.length <= maxLength) lines[lines.length - 1] = longer;
    else lines.push(`${item},`);
  }
  return lines;
}

/** Package that the modules of `tfjsLines` need. */
export const tfjsPackages = ['@tensorflow/tfjs'];

/**
 * Returns a module for browsers that runs `model.json`.
 * @param start of `predict`, up to the tensor `input`.
 * @param more Another field of `student.json` that it reads.
 */
export function tfjsLines(start: readonly string[], more?: 'features'): string[] {
  const fields = ['classes', ...(more ? [more] : [])].join(', ');
  return [
    "import * as tf from '@tensorflow/tfjs';",
    '',
    "const model = await tf.loadLayersModel('model.json');",
    `const { ${fields} } = await (await fetch('student.json')).json();`,
    '',
    ...start,
    '  const output = model.predict(input);',
    '  const probabilities = await output.data();',
    '  tf.dispose([input, output]);',
    '  return Object.fromEntries(classes.map((name, index) => [name, probabilities[index]]));',
    '}',
  ];
}

/** Package that the modules of `onnxModule` need. */
export const onnxWebPackage = 'onnxruntime-web';

/** A module for browsers that runs `model.onnx`, in parts. */
export interface OnnxModule {
  readonly imports?: readonly string[];
  /** Between the imports and `predict`. */
  readonly before: readonly string[];
  /** Start of `predict`, up to the inputs by name, `feeds`. */
  readonly start: readonly string[];
}

/** Returns a module for browsers that runs `model.onnx`. */
export function onnxModule({ imports = [], before, start }: OnnxModule): string[] {
  return [
    ...imports,
    "import { InferenceSession, Tensor } from 'onnxruntime-web/wasm';",
    '',
    "const session = await InferenceSession.create('model.onnx');",
    "const { classes } = await (await fetch('student.json')).json();",
    '',
    ...before,
    ...start,
    "  const { probabilities } = await session.run(feeds, ['probabilities']);",
    '  return Object.fromEntries(classes.map((name, c) => [name, probabilities.data[c]]));',
    '}',
  ];
}

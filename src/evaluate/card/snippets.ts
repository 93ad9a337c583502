/** Lines of code that the programs of a card share. */
import type { CardFacts } from './facts.ts';

/** Returns whether the student has an ONNX file. */
export function hasOnnx({ run, student }: CardFacts): boolean {
  const { exports } = run.students.find(({ variant }) => variant === student)!;
  return exports.some((record) => record.format === 'onnx' && !('leftOut' in record));
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

/** Returns a module for browsers. @param start of `predict`, up to the tensor `input`. */
export function tfjsLines(start: readonly string[]): string[] {
  return [
    "import * as tf from '@tensorflow/tfjs';",
    '',
    "const model = await tf.loadLayersModel('model.json');",
    "const { classes } = await (await fetch('student.json')).json();",
    '',
    ...start,
    '  const output = model.predict(input);',
    '  const probabilities = await output.data();',
    '  tf.dispose([input, output]);',
    '  return Object.fromEntries(classes.map((name, index) => [name, probabilities[index]]));',
    '}',
  ];
}

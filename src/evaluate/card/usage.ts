import type { Features } from '../../data/features/index.ts';
import type { Format } from '../../data/formats/format.ts';
import { formats } from '../../data/formats/index.ts';
import type { CardFacts, CardProgram, StudentUsageOf } from './facts.ts';
import { code, inlineCode } from './markdown.ts';
import { onnxWebPackage } from './snippets.ts';
import { imageUsage } from './usage-image.ts';
import { rowUsage } from './usage-row.ts';
import { textUsage } from './usage-text.ts';
import { vectorUsage } from './usage-vector.ts';

const usages: { readonly [Kind in Features['kind']]: StudentUsageOf<Kind> } = {
  image: imageUsage,
  row: rowUsage,
  vector: vectorUsage,
  text: textUsage,
};

/** Renders the sections about inputs, outputs and code. */
export function usageSections(facts: CardFacts): string[] {
  const { description } = facts;
  const examples = description.examples ?? description.features;
  // TypeScript does not see that the row is that of the features' kind.
  const usageOf = usages[examples.kind] as StudentUsageOf<Features['kind']>;
  const { input, example, imports = [], python, browser } = usageOf(examples, facts);
  const output = description.multiLabel
    ? 'The output has a probability for each label. A label is predicted if its probability is above 1/2.'
    : 'The output has a probability for each class, and they add up to 1. The class with the largest one is the answer.';
  return [
    '## Use',
    'Each program below runs in the folder of this file.',
    '### On the command line',
    filesText(examples.kind),
    code('sh', ['npx counterweight predict . FILES --out predictions.csv']),
    '### In Node',
    'It needs the package `counterweight`.',
    code('ts', [
      ...imports,
      "import { loadStudent } from 'counterweight';",
      '',
      "const student = await loadStudent('.');",
      `const [answer] = await student.predict([${example}]);`,
      `console.log(answer?.${description.multiLabel ? 'labels' : 'class'}, answer?.probabilities);`,
      'student.dispose();',
    ]),
    '### In Python',
    ...pythonSection(python),
    '### In a browser',
    ...browserSection(browser),
    '## Input and output',
    [...input, output].map((line) => `- ${line}`).join('\n'),
  ];
}

/** States which files the command reads. */
function filesText(kind: Features['kind']): string {
  const endings = Object.values<Format>(formats)
    .filter(({ kinds }) => kinds.includes(kind))
    .flatMap(({ extensions }) => extensions);
  const listed = [...new Set(endings)].map((ending) => inlineCode(`.${ending}`)).join(', ');
  return `It needs the package \`counterweight\`. FILES are folders and files with examples: ${listed}. Labels in them are not read.`;
}

function pythonSection(program: CardProgram): string[] {
  if ('none' in program) return [noProgram('Python', program)];
  const { lines, packages } = program;
  return [
    packages.length > 0
      ? `It needs ${packages.map(inlineCode).join(', ')} from PyPI.`
      : 'It needs no packages.',
    code('python', lines),
  ];
}

function noProgram(where: string, { none }: { readonly none: string }): string {
  return `There is no program for ${where}, because ${none}. Use the one for Node.`;
}

/** States what a module for browsers needs: packages, and files that it fetches. */
function browserSection(program: CardProgram): string[] {
  if ('none' in program) return [noProgram('browsers', program)];
  const { lines, packages } = program;
  const named = lines.join('\n').matchAll(/'([\w/-]+\.(?:json|bin|onnx))'/g);
  const fetched = new Set(Array.from(named, ([, name]) => name!));
  // The library fetches them after model.json.
  if (fetched.has('model.json')) fetched.add('weights.bin');
  const files = [...fetched].map(inlineCode).join(', ');
  const needs =
    packages.length > 0
      ? `It needs ${packages.map(inlineCode).join(', ')} from npm, by a bundler or an import map.`
      : 'It needs no packages.';
  const served = `A web server has to serve the page and, in the same folder, ${files}.`;
  const wasm = packages.includes(onnxWebPackage)
    ? ` Beside the module of \`${onnxWebPackage}\`, it has to serve \`ort-wasm-simd-threaded.wasm\` of that package.`
    : '';
  return [`A module with the function \`predict\`. ${needs} ${served}${wasm}`, code('js', lines)];
}

import type { Features } from '../../data/features/index.ts';
import type { CardFacts, StudentUsageOf } from './facts.ts';
import { code } from './markdown.ts';
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
  const { input, example, imports = [], python, packages = [], browser } = usageOf(examples, facts);
  const output = description.multiLabel
    ? 'The output has a probability for each label. A label is predicted if its probability is above 1/2.'
    : 'The output has a probability for each class, and they add up to 1.';
  return [
    '## Use',
    'Each program below runs in the folder of this file.',
    '### On the command line',
    code('sh', ['npx counterweight predict . FILES --out predictions.csv']),
    '### In Node',
    code('ts', [
      ...imports,
      "import { loadStudent } from 'counterweight';",
      '',
      "const student = await loadStudent('.');",
      `const [answer] = await student.predict([${example}]);`,
      `console.log(answer?.${description.multiLabel ? 'labels' : 'class'}, answer?.probabilities);`,
      'student.dispose();',
    ]),
    ...(python
      ? [
          '### In Python',
          packages.length > 0
            ? `It needs ${packages.map((name) => `\`${name}\``).join(', ')}.`
            : 'It needs no packages.',
          code('python', python),
        ]
      : []),
    ...(browser
      ? ['### In a browser', 'It needs `@tensorflow/tfjs`, from npm.', code('js', browser)]
      : []),
    '## Input and output',
    [...input, output].map((line) => `- ${line}`).join('\n'),
  ];
}

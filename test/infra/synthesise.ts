import { rmSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { makeApp } from '../../infra/application.ts';

/** An image that exists nowhere, for what does not depend on how images are made. */
export const prebuilt = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight:1.2.0';

/** The templates of both stacks, or of the one that there is, with these settings. */
export function synthesise(context: Record<string, unknown> = {}): {
  core: Template;
  trainer: Template | undefined;
} {
  // Assets keep their fingerprints, but are not copied.
  const app = makeApp({ 'aws:cdk:disable-asset-staging': true, ...context });
  const assembly = app.synth();
  try {
    const [core, trainer] = ['Counterweight', 'CounterweightTrainer'].map((name) => {
      const stack = assembly.stacks.find(({ stackName }) => stackName === name);
      return stack && Template.fromJSON(stack.template);
    });
    return { core: core!, trainer };
  } finally {
    rmSync(assembly.directory, { recursive: true });
  }
}

/** The only resource of the type, or the only one whose logical id starts with `name`. */
export function resource(template: Template, type: string, name = ''): Record<string, unknown> {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(name));
  if (found.length !== 1) throw new Error(`${found.length} resources ${type} '${name}'`);
  return found[0]![1].Properties;
}

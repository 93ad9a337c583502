import { rmSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { makeApp } from '../../infra/application.ts';
import { stackIds } from '../../src/aws/deployment-name.ts';

/** An image that exists nowhere, for what does not depend on how images are made. */
export const prebuilt = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight:1.2.0';

/** Settings that make everything there is, with both images prebuilt. */
export const allPrebuilt = {
  imageUri: prebuilt,
  trainerImageUri: prebuilt,
  trainer: 'gpu',
  sweepMinutes: 60,
  replacedDataDays: 60,
  serve: 'digits',
  alarmEmail: 'team@example.com',
};

/** Settings whose permissions are documented and checked. */
export const documentedSettings = {
  trainer: 'gpu',
  sweepMinutes: 60,
  serve: 'images',
  alarmEmail: 'a@example.com',
};

interface Templates {
  readonly core: Template;
  /** Undefined without a GPU trainer. */
  readonly trainer: Template | undefined;
}

/** By the settings, as JSON. A synthesis takes seconds. */
const synthesised = new Map<string, string[]>();

/** Returns the templates of the stacks with these settings. Synthesises each settings once. */
export function synthesise(context: Record<string, unknown> = {}): Templates {
  const key = JSON.stringify(context);
  let templates = synthesised.get(key);
  if (templates === undefined) {
    templates = templatesWith(context);
    synthesised.set(key, templates);
  }
  // Parsed for each caller, which may change its own.
  const [core, trainer] = templates.map((json) => Template.fromString(json));
  return { core: core!, trainer };
}

function templatesWith(context: Record<string, unknown>): string[] {
  // Assets keep their fingerprints, but are not copied.
  const app = makeApp({ 'aws:cdk:disable-asset-staging': true, ...context });
  const assembly = app.synth();
  try {
    return Object.values(stackIds).flatMap((id) => {
      const stack = assembly.stacks.find(({ hierarchicalId }) => hierarchicalId === id);
      return stack ? [JSON.stringify(stack.template)] : [];
    });
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

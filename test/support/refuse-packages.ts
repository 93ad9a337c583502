import type { Plugin } from 'vitest/config';

/** Packages that a unit test must not load, and the suffix of a test file that may. */
const refused: readonly { readonly packages: RegExp; readonly suffix: string }[] = [
  { packages: /^(@tensorflow\/|onnxruntime-node)/, suffix: 'tensorflow' },
  { packages: /^(aws-cdk-lib|cdk-nag)/, suffix: 'cdk' },
  // The package's own name leads to dist/, which a fresh clone does not have.
  { packages: /^counterweight$/, suffix: 'process' },
];

const prefix = '\0refused:';

/** Replaces each package that unit tests do without by a module that throws when it is loaded. */
export function refusePackages(): Plugin {
  return {
    name: 'refuse-packages',
    enforce: 'pre',
    resolveId(source) {
      const found = refused.find(({ packages }) => packages.test(source));
      return found && `${prefix}${found.suffix}:${source}`;
    },
    load(id) {
      if (!id.startsWith(prefix)) return;
      const [suffix, source] = id.slice(prefix.length).split(':');
      const message = `A unit test does not load ${source}: name the file *.${suffix}.test.ts`;
      return `throw new Error(${JSON.stringify(message)});`;
    },
  };
}

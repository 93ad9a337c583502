import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand } from 'citty';
import { UserError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { checkTrainer } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { packageVersion } from './package-version.ts';

export const imagesCommand = defineCommand({
  meta: { name: 'images', description: 'Build the container images of a deployment with Docker' },
  args: {
    push: { type: 'boolean', description: 'Push the images to ECR, for deploy --image-uri' },
    trainer: {
      type: 'string',
      description: 'function, or gpu to build the image of the GPU trainer as well',
      default: 'function',
    },
  },
  async run({ args: { push: isPushed = false, trainer } }) {
    checkTrainer(trainer);
    requireBuild();
    const { checkDocker } = await import('./docker.ts');
    await checkDocker();
    const names = imageNames.filter((name) => name === 'functions' || trainer === 'gpu');
    if (!isPushed) {
      for (const name of names) await build(name, `${repositoryOf(name)}:${packageVersion()}`);
      process.stderr.write('The images are on this machine. To put them into ECR, add --push.\n');
      return;
    }
    const uris = await push(names);
    const options = names.map((name, index) => `--${optionOf[name]} ${uris[index]}`);
    const gpu = trainer === 'gpu' ? ['--trainer gpu'] : [];
    process.stdout.write(asTyped(`counterweight deploy ${[...gpu, ...options].join(' ')}\n`));
  },
});

/** Images, as folders of `infra/images/`. */
const imageNames = ['functions', 'trainer'] as const;
type ImageName = (typeof imageNames)[number];

/** Options of `deploy` that take the images. */
const optionOf: Readonly<Record<ImageName, string>> = {
  functions: 'image-uri',
  trainer: 'trainer-image-uri',
};

const repositoryOf = (name: ImageName) => `counterweight/${name}`;

/** Checks that the programs in the images are compiled. A package from npm has them. */
function requireBuild(): void {
  if (existsSync(join(packageRoot, 'dist', 'lambda', 'index.mjs'))) return;
  throw new UserError('the functions are not built', 'Build them with: npm run setup');
}

/** Builds and pushes images. @returns their URIs, with digests. */
async function push(names: readonly ImageName[]): Promise<string[]> {
  const [registry, { runDocker }] = await Promise.all([
    import('../aws/image-registry.ts'),
    import('./docker.ts'),
  ]);
  const uris: string[] = [];
  for (const name of names) {
    const uri = await registry.ensureRepository(repositoryOf(name), name === 'functions');
    // Before each push: a build may take longer than an old login lasts.
    const { user, password } = await registry.registryLogin();
    const [host = ''] = uri.split('/');
    await runDocker(['login', '--username', user, '--password-stdin', host], password);
    await build(name, `${uri}:${packageVersion()}`, '--push');
    uris.push(`${uri}@${await registry.pushedDigest(repositoryOf(name), packageVersion())}`);
  }
  return uris;
}

async function build(name: ImageName, tag: string, output = '--load'): Promise<void> {
  const { runDocker } = await import('./docker.ts');
  process.stderr.write(`Building ${tag}\n`);
  await runDocker(buildArguments(name, tag, output));
}

/**
 * Returns the arguments of Docker for an image that Lambda and AWS Batch run: x86, and without
 * attestations. With attestations, the tag is an index of manifests, which Lambda refuses.
 *
 * @param output `--push`, or `--load` to keep the image on this machine.
 */
export function buildArguments(name: ImageName, tag: string, output: string): string[] {
  return [
    ...['buildx', 'build', '--platform', 'linux/amd64', '--provenance=false', '--sbom=false'],
    ...['--file', join(packageRoot, 'infra', 'images', name, 'Dockerfile')],
    ...['--tag', tag, output, packageRoot],
  ];
}

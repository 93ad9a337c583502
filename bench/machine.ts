import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { TENSORFLOW_VERSION } from '#setup/platforms.mjs';
import { run } from '#setup/run.mjs';
import { packageRoot } from '../src/package-root.ts';

/** Machine and versions, on which the figures depend. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly tensorflow: string;
  /** Versions of the packages that requirements.txt names. */
  readonly python: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Such as "2026-11-25". */
  readonly date: string;
}

/** Reads the versions by importlib, because importing TensorFlow takes seconds. */
const script = `
import json, platform, sys
from importlib.metadata import version
print(json.dumps({"python": platform.python_version(), "packages": {name: version(name) for name in sys.argv[1:]}}))
`;

/** Describes this machine. @param python the Python of the peers' environment. */
export async function thisMachine(python: string): Promise<Machine> {
  const requirements = readFileSync(
    path.join(packageRoot, 'bench', 'peers', 'requirements.txt'),
    'utf8',
  );
  const names = Array.from(requirements.matchAll(/^([\w-]+)==/gm), ([, name]) => name!);
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    tensorflow: TENSORFLOW_VERSION,
    ...(JSON.parse(await run(python, ['-c', script, ...names])) as Pick<
      Machine,
      'python' | 'packages'
    >),
    date: new Date().toISOString().slice(0, 10),
  };
}

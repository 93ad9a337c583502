/** The table of commands. */
import type { ArgsDef, SubCommandsDef } from 'citty';

export const programName = 'counterweight';

/** A row of the table. */
export interface CommandRow {
  /** Arguments of a call, for the help. */
  readonly example: string;
  /** Whether it uses a deployment, and so has the option --name. Default: false. */
  readonly isDeployed?: true;
  readonly load: () => Promise<Command>;
}

/** Command with any arguments, as citty types it. */
export type Command = Awaited<Extract<SubCommandsDef[string], Promise<unknown>>>;

/**
 * Commands of `counterweight`. Each is loaded when it is called, and loads the engine only when it
 * runs, so that `--help` does not wait for TensorFlow.
 */
export const commands: Readonly<Record<string, CommandRow>> = {
  init: {
    example: 'my-data',
    load: async () => (await import('./init.ts')).initCommand,
  },
  plan: {
    example: 'my-data',
    load: async () => (await import('./plan.ts')).planCommand,
  },
  run: {
    example: 'my-data --results my-results',
    load: async () => (await import('./run.ts')).runCommand,
  },
  label: {
    example: 'my-data --to my-labels --format jsonl',
    load: async () => (await import('./label.ts')).labelCommand,
  },
  predict: {
    example: 'my-data my-files --out predictions.csv',
    load: async () => (await import('./predict.ts')).predictCommand,
  },
  'add-labels': {
    example: 'my-data label-next.csv',
    load: async () => (await import('./add-labels.ts')).addLabelsCommand,
  },
  runs: {
    example: '--results my-results',
    load: async () => (await import('./runs.ts')).runsCommand,
  },
  compare: {
    example: 'my-data-2f7a91c04be3 my-data-91c04be32f7a',
    load: async () => (await import('./compare.ts')).compareCommand,
  },
  verify: {
    example: 'my-data-2f7a91c04be3',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  doctor: {
    example: '',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  images: {
    example: '--push --trainer gpu',
    load: async () => (await import('./images.ts')).imagesCommand,
  },
  deploy: {
    example: '--trainer gpu --budget 50',
    isDeployed: true,
    load: async () => (await import('./deploy.ts')).deployCommand,
  },
  upload: {
    example: 'my-data',
    isDeployed: true,
    load: async () => (await import('./upload.ts')).uploadCommand,
  },
  start: {
    example: 'my-data',
    isDeployed: true,
    load: async () => (await import('./start.ts')).startCommand,
  },
  status: {
    example: '--watch',
    isDeployed: true,
    load: async () => (await import('./status.ts')).statusCommand,
  },
  logs: {
    example: 'my-data-2f7a91c04be3',
    isDeployed: true,
    load: async () => (await import('./logs.ts')).logsCommand,
  },
  cost: {
    example: 'my-data-2f7a91c04be3',
    isDeployed: true,
    load: async () => (await import('./cost.ts')).costCommand,
  },
  stop: {
    example: 'my-data-2f7a91c04be3',
    isDeployed: true,
    load: async () => (await import('./stop.ts')).stopCommand,
  },
  fetch: {
    example: 'my-data --to my-student',
    isDeployed: true,
    load: async () => (await import('./fetch.ts')).fetchCommand,
  },
  destroy: {
    example: '',
    isDeployed: true,
    load: async () => (await import('./destroy.ts')).destroyCommand,
  },
  complete: {
    example: 'bash >> ~/.bashrc',
    load: async () => (await import('./complete.ts')).completeCommand(programName, commands),
  },
};

/** Returns the commands as citty takes them. */
export function loaders(): SubCommandsDef {
  return Object.fromEntries(Object.entries(commands).map(([name, { load }]) => [name, load]));
}

/** Returns a command's arguments: always an object here, while citty also allows a promise. */
export function argumentsOf({ args }: Command): ArgsDef {
  return typeof args === 'object' && !(args instanceof Promise) ? args : {};
}

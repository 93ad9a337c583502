#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { defineCommand, renderUsage, runCommand, type SubCommandsDef } from 'citty';
import { checkArguments, UsageError, unknown } from './arguments.ts';
import { reportFailure } from './failure.ts';

// Our package.json states the supported versions of Node. The SDK's own warning would appear in
// every command, and its user cannot act on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/**
 * Commands of `counterweight`. Each is loaded when it is called, and loads the engine only when it
 * runs, so that `--help` does not wait for TensorFlow.
 */
const commands = {
  init: async () => (await import('./init.ts')).initCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  run: async () => (await import('./run.ts')).runCommand,
  label: async () => (await import('./label.ts')).labelCommand,
  'add-labels': async () => (await import('./add-labels.ts')).addLabelsCommand,
  runs: async () => (await import('./runs.ts')).runsCommand,
  compare: async () => (await import('./compare.ts')).compareCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  deploy: async () => (await import('./deploy.ts')).deployCommand,
  upload: async () => (await import('./upload.ts')).uploadCommand,
  start: async () => (await import('./start.ts')).startCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  logs: async () => (await import('./logs.ts')).logsCommand,
  cost: async () => (await import('./cost.ts')).costCommand,
  stop: async () => (await import('./stop.ts')).stopCommand,
  fetch: async () => (await import('./fetch.ts')).fetchCommand,
  destroy: async () => (await import('./destroy.ts')).destroyCommand,
} satisfies SubCommandsDef;

/** Command with any arguments, as citty types it. */
type Command = Awaited<Extract<SubCommandsDef[string], Promise<unknown>>>;

const program = defineCommand({
  meta: {
    name: 'counterweight',
    version: packageVersion(),
    description: 'A few labels, many unlabeled files and a teacher in; a small, better student out',
  },
  subCommands: commands,
});

process.exitCode = await main(process.argv.slice(2));

/** Runs the command line. @returns the exit code. */
async function main(args: string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const asksHelp = args.some((argument) => argument === '--help' || argument === '-h');
  if (name === '--version' || name === '-v') return print(packageVersion());
  if (asksHelp && name.startsWith('-')) return print(await usageOf(program));
  let command: Command | undefined;
  try {
    command = await findCommand(name);
    if (asksHelp) return print(await usageOf(command, program));
    checkArguments(rest, resolvedArguments(command));
    await runCommand(command, { rawArgs: rest });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error, process.stderr, await usageLine(command));
  }
}

async function findCommand(name: string): Promise<Command> {
  const names = Object.keys(commands);
  for (const [known, load] of Object.entries(commands)) if (known === name) return load();
  if (name === '') throw new UsageError(`Which command? ${names.join(', ')}.`);
  if (name.startsWith('-'))
    throw new UsageError(unknown('option', name, ['help', 'version'], '--'));
  throw new UsageError(unknown('command', name, names));
}

/** Returns a command's arguments: always an object here, while citty also allows a promise. */
function resolvedArguments({ args }: Command) {
  return typeof args === 'object' && !(args instanceof Promise) ? args : {};
}

async function usageOf(command: Command, parent?: Command): Promise<string> {
  const usage = await renderUsage(command, parent);
  const shown = process.stdout.isTTY ? usage : stripVTControlCharacters(usage);
  return shown.replace(/ +$/gm, '').trimEnd();
}

/** Returns the line of the usage that shows how to call the command. */
async function usageLine(command: Command | undefined): Promise<string> {
  const usage = stripVTControlCharacters(
    command ? await renderUsage(command, program) : await renderUsage(program),
  );
  const line = usage.split('\n').find((text) => text.startsWith('USAGE ')) ?? '';
  return `${line.replace('USAGE', 'usage:')}\nFor more: --help`;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

/** Reads the version in the package.json of the folder that holds `src/` or, compiled, `dist/`. */
function packageVersion(): string {
  let folder = new URL('../../', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    if (folder.pathname === '/') return 'unknown';
    folder = new URL('../', folder);
  }
  const text = readFileSync(new URL('package.json', folder), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

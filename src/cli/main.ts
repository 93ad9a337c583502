#!/usr/bin/env node
import { stripVTControlCharacters } from 'node:util';
import { defineCommand, renderUsage, runCommand } from 'citty';
import { currentName, nameVariable } from '../aws/deployment-name.ts';
import { checkArguments, nameIn, UsageError, unknown } from './arguments.ts';
import {
  argumentsOf,
  type Command,
  type CommandRow,
  commands,
  loaders,
  programName,
} from './commands.ts';
import { guardTerminal } from './escapes.ts';
import { reportFailure } from './failure.ts';
import { packageVersion } from './package-version.ts';

// Our package.json states the supported versions of Node. The SDK's own warning would appear in
// every command, and its user cannot act on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const program = defineCommand({
  meta: {
    name: programName,
    version: packageVersion(),
    description: 'A few labels, many unlabeled files and a teacher in; a small, better student out',
  },
  subCommands: loaders(),
});

guardTerminal(process.stdout);
guardTerminal(process.stderr);
process.exitCode = await main(process.argv.slice(2));

/** Runs the command line. @returns the exit code. */
async function main(args: string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const asksHelp = args.some((argument) => argument === '--help' || argument === '-h');
  if (name === '--version' || name === '-v') return print(packageVersion());
  if (asksHelp && name.startsWith('-')) return print(await usageOf(program));
  let command: Command | undefined;
  try {
    const row = findCommand(name);
    command = await row.load();
    if (asksHelp) return print(await helpOf(name, row.example, command));
    checkArguments(rest, argumentsOf(command));
    useDeployment(nameIn(rest, argumentsOf(command)));
    await runCommand(command, { rawArgs: rest });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error, process.stderr, await usageLine(command));
  }
}

/**
 * Selects the deployment for all that follows: look-ups, and the commands in messages.
 * @throws UserError if the name is not allowed.
 */
function useDeployment(name: string | undefined): void {
  if (name === undefined) return;
  process.env[nameVariable] = name;
  currentName();
}

function findCommand(name: string): CommandRow {
  const names = Object.keys(commands);
  for (const [known, row] of Object.entries(commands)) if (known === name) return row;
  if (name === '') throw new UsageError(`Which command? ${names.join(', ')}.`);
  if (name.startsWith('-'))
    throw new UsageError(unknown('option', name, ['help', 'version'], '--'));
  throw new UsageError(unknown('command', name, names));
}

/** Returns the help of a command: its usage, and an example. */
async function helpOf(name: string, example: string, command: Command): Promise<string> {
  const call = `npx ${programName} ${name} ${example}`.trimEnd();
  return `${await usageOf(command, program)}\n\nEXAMPLE ${call}`;
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

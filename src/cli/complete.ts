import { defineCommand } from 'citty';
import { UsageError } from './arguments.ts';
import { argumentsOf, type Command, type CommandRow } from './commands.ts';
import { type CompletedCommand, completionScripts } from './completion-scripts.ts';

const shells = Object.keys(completionScripts).join(', ');

/**
 * Makes the command that prints a completion script.
 *
 * @param program The name of the program.
 * @param commands All commands, by name.
 */
export function completeCommand(program: string, commands: Readonly<Record<string, CommandRow>>) {
  return defineCommand({
    meta: { name: 'complete', description: 'Print a script that completes commands in a shell' },
    args: { shell: { type: 'positional', description: `Shell: ${shells}`, required: true } },
    async run({ args: { shell } }) {
      const script = Object.hasOwn(completionScripts, shell) && completionScripts[shell];
      if (!script) throw new UsageError(`Which shell? ${shells}; found "${shell}".`);
      const described: CompletedCommand[] = [];
      for (const [name, { load }] of Object.entries(commands)) {
        described.push(await describe(name, await load()));
      }
      process.stdout.write(script(program, described));
    },
  });
}

async function describe(name: string, command: Command): Promise<CompletedCommand> {
  const { meta } = command;
  const { description = '' } = (await (meta instanceof Function ? meta() : meta)) ?? {};
  const options = Object.entries(argumentsOf(command)).filter(
    ([, { type }]) => type !== 'positional',
  );
  return {
    name,
    description,
    options: options.map(([option, definition]) => ({
      name: option,
      description: definition.description ?? '',
      takesValue: definition.type !== 'boolean',
    })),
  };
}

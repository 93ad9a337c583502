import { runCommand } from 'citty';
import { describe, expect, test } from 'vitest';
import { checkArguments, nameIn } from '../../src/cli/arguments.ts';
import { argumentsOf, commands } from '../../src/cli/commands.ts';
import { completeCommand } from '../../src/cli/complete.ts';
import { completionScripts } from '../../src/cli/completion-scripts.ts';

describe('commands', () => {
  test.each(Object.entries(commands))('the example of %s is a call of it', async (name, row) => {
    const command = await row.load();
    expect(command.meta).toMatchObject({ name });
    // What follows ">" is for the shell.
    const words = row.example.split(' > ')[0]!.split(' >> ')[0]!.split(' ').filter(Boolean);
    const definitions = argumentsOf(command);
    expect(() => checkArguments(words, definitions)).not.toThrow();
    const required = Object.values(definitions).filter(
      ({ type, required: isRequired = true }) => type === 'positional' && isRequired,
    );
    const given = words.filter((word) => !word.startsWith('-'));
    expect(given.length).toBeGreaterThanOrEqual(required.length);
  });
});

test.each(Object.entries(commands))('%s has --name if it uses a deployment', async (_, row) => {
  const { name } = argumentsOf(await row.load());
  expect(name?.type === 'string').toBe(row.isDeployed === true);
});

test('the option --name is read like any other', () => {
  const definitions = {
    name: { type: 'string' },
    json: { type: 'boolean' },
    run: { type: 'positional' },
  } as const;
  expect(nameIn(['a', '--json', '--name', 'blue'], definitions)).toBe('blue');
  expect(nameIn(['--name=blue', 'a'], definitions)).toBe('blue');
  expect(nameIn(['--', '--name', 'blue'], definitions)).toBeUndefined();
  expect(nameIn(['a'], definitions)).toBeUndefined();
  expect(nameIn(['--name', 'blue'], { name: { type: 'positional' } })).toBeUndefined();
});

describe('completion scripts', () => {
  const described = [
    {
      name: 'run',
      description: "Distill, it's quick",
      options: [
        { name: 'workers', description: 'Number of processes', takesValue: true },
        { name: 'json', description: 'Print JSON', takesValue: false },
      ],
    },
    { name: 'doctor', description: 'Check the machine', options: [] },
  ];
  test.each(Object.keys(completionScripts))('%s', (shell) => {
    expect(completionScripts[shell]!('counterweight', described)).toMatchSnapshot();
  });

  test.each(['powershell', 'constructor'])('there is none for %s', async (shell) => {
    const command = completeCommand('counterweight', {});
    const ran = runCommand(command, { rawArgs: [shell] });
    await expect(ran).rejects.toThrow(`Which shell? bash, zsh, fish; found "${shell}".`);
  });
});

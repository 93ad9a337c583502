import { defineCommand } from 'citty';
import { jsonOption } from './arguments.ts';
import { styled, type Terminal } from './terminal.ts';

export const doctorCommand = defineCommand({
  meta: { name: 'doctor', description: 'Check that this machine has what counterweight needs' },
  args: { json: jsonOption },
  async run({ args: { json } }) {
    const { checks } = await import('#setup/checks.mjs');
    const found = await checks();
    const text = json ? JSON.stringify(found, null, 2) : renderChecks(found, process.stdout);
    process.stdout.write(`${text}\n`);
    if (found.some(({ ok }) => !ok)) process.exitCode = 1;
  },
});

/** Lists one line per check, with the fix for each failure. */
export function renderChecks(
  checks: readonly { name: string; ok: boolean; detail: string; fix?: string | undefined }[],
  terminal: Terminal,
): string {
  const failed = checks.filter(({ ok }) => !ok).length;
  const lines = checks.flatMap(({ name, ok, detail, fix }) => {
    const mark = ok ? styled(terminal, 'green', '✓') : styled(terminal, 'red', '✗');
    const help = !ok && fix !== undefined ? fix.split('\n').map((line) => `    ${line}`) : [];
    return [`${mark} ${name}: ${detail}`, ...help];
  });
  const end = failed === 0 ? 'Everything is there.' : `${failed} of ${checks.length} failed.`;
  return [...lines, '', end].join('\n');
}

import { isDeepStrictEqual } from 'node:util';
import { type Grant, type Role, type Rule, resourcePoliciesOf, rolesOf } from './policies.ts';
import { type Purpose, purposes } from './statement.ts';

/**
 * Writes docs/permissions.md: who may do what, and why, by the templates of both stacks.
 *
 * @param templates Templates synthesized with the GPU trainer, the sweep, `serve` and `alarmEmail`.
 */
export function permissionsDoc(templates: unknown[]): string {
  const roles = templates.flatMap(rolesOf);
  const tasks = roles.filter(runsTasks);
  const others = roles.filter((role) => !runsTasks(role));
  return `${[
    intro,
    '## Tasks',
    'Each function has its own role, and so does the job on the GPU.',
    taskTable(tasks),
    'The statements, by name:',
    legend(tasks.flatMap(({ grants }) => grants)),
    '## What runs them',
    ...others.map(roleSection),
    '## Policies of resources',
    policyTable(templates),
  ].join('\n\n')}\n`;
}

const intro = `# Permissions

Generated from the synthesized templates, with the GPU trainer, the sweep, \`serve=images\` and
an address for the alarms. After a change:
\`UPDATE_PERMISSIONS=1 npx vitest run test/infra/permissions\`.

\`<Name>\` is a resource of the stacks; \`<StorageData>\` and \`<StorageResults>\` are the buckets. ARNs are written
without partition, region and account, which are always those of the stack.`;

function runsTasks({ name, assumedBy }: Role): boolean {
  return assumedBy === 'lambda.amazonaws.com' || name === 'JobRole';
}

/** Columns of the table of tasks, for grants whose resources differ from task to task. */
const columns: { head: string; purposes: Purpose[] }[] = [
  { head: 'data bucket', purposes: ['ReadData', 'ReadConfigs', 'ReadMarkers', 'CloseBatches'] },
  { head: 'results bucket: ReadResults', purposes: ['ReadResults'] },
  { head: 'results bucket: WriteResults', purposes: ['WriteResults'] },
];
const inColumns = columns.flatMap(({ purposes }) => purposes);

function taskTable(roles: Role[]): string {
  const rows = roles.map(({ name, grants }) => [
    name,
    ...columns.map(({ purposes }) =>
      grants
        .filter(({ Sid }) => purposes.includes(Sid))
        .map(({ Sid, Resource }) => {
          const objects = list(Resource.map(withoutBucket));
          return purposes.length > 1 ? `${Sid} ${objects}` : objects;
        })
        .join(', '),
    ),
    grants
      .map(({ Sid }) => Sid)
      .filter((purpose) => !inColumns.includes(purpose))
      .join(', '),
  ]);
  return table(['role', ...columns.map(({ head }) => head), 'and'], rows);
}

function withoutBucket(resource: string): string {
  return resource.replace(/^<Storage(Data|Results)>\//, '');
}

/** Lists every grant once; its resources are the same for all tasks, or in the columns above. */
function legend(grants: Grant[]): string {
  const distinct: Grant[] = [];
  for (const { Resource, ...statement } of grants) {
    const named = { ...statement, Resource: inColumns.includes(statement.Sid) ? [] : Resource };
    if (!distinct.some((known) => isDeepStrictEqual(known, named))) distinct.push(named);
  }
  const rows = distinct.map((statement) => [statement.Sid, ...grantCells(statement)]);
  return table(['statement', 'may', 'on', 'why'], rows);
}

function roleSection({ name, assumedBy, grants }: Role): string {
  const rows = grants.map(grantCells);
  return `### ${name}\n\nFor ${assumedBy}.\n\n${table(['may', 'on', 'why'], rows)}`;
}

function grantCells({ Sid, Action, Resource, Condition }: Grant): string[] {
  const on = Resource.length > 0 ? list(Resource) : 'see above';
  return [list(Action), [on, ...conditions(Condition)].join(', '), purposes[Sid]];
}

function policyTable(templates: unknown[]): string {
  const rows = templates
    .flatMap(resourcePoliciesOf)
    .flatMap(({ name, rules }) =>
      rules.map(({ Effect, Principal, Action, Condition }) => [
        `\`${name}\``,
        Principal === '*' ? 'anyone' : Principal,
        `${Effect === 'Deny' ? 'may not' : 'may'} ${list(Action)}`,
        conditions(Condition).join(', '),
      ]),
    );
  return table(['policy', 'who', 'may', ''], rows);
}

function conditions(condition: Rule['Condition']): string[] {
  return Object.entries(condition).flatMap(([operator, tests]) =>
    Object.entries(tests).map(([key, values]) => `if \`${key}\` ${operator} ${list(values)}`),
  );
}

function list(values: string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

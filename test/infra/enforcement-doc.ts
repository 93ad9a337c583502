/** The part of docs/permissions.md on calls that are checked one by one. */
import type { Role } from '../../infra/policies.ts';
import { checkedCalls, describeCall, neededCalls } from './enforcement.ts';
import { allows, type Call } from './iam.ts';

/** Actions that moto does not decide: it lacks them, or knows them by a wrong name. */
export const notEnforced = [
  'batch:DescribeJobs',
  'batch:SubmitJob',
  'batch:TerminateJob',
  'ecs:Poll',
  'ecs:StartTelemetrySession',
  'lambda:GetAccountSettings',
  'lambda:InvokeFunction',
  'logs:CreateLogDelivery',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

const about = `## Checked calls

\`npm test\` makes every call below as every role against [moto](https://docs.getmoto.org), which enforces the
policies of the templates. The calls of tasks are those that whole runs were seen to make; those of AWS's own
services are from its documentation. Names that differ are shortened: \`run\`, \`digest\`, \`object\`, \`file\`.

moto knows the resource of calls to S3 only; for other calls, the test names it.`;

function limits(roles: readonly Role[]): string {
  const grants = roles.flatMap((role) => role.grants);
  const conditions = grants.flatMap(({ Condition }) => Object.values(Condition));
  const conditionKeys = [...new Set(conditions.flatMap(Object.keys))].sort();
  return `moto does not evaluate policies of resources, conditions (${list(conditionKeys)}) and these actions:
${list(notEnforced)}.
There, our own evaluation of the policies is the only check: it knows \`s3:prefix\`, and takes the other conditions as
met. On all other calls it agrees with moto.`;
}

/** Writes two tables: of each role, and of each call. */
export function enforcementDoc(roles: readonly Role[]): string {
  const calls = checkedCalls(roles);
  const byRole = roles.map((role) => roleRow(role, calls));
  const byCall = calls.map((call) => callRow(call, roles));
  return [
    about,
    limits(roles),
    table(['role', 'its calls: allowed', 'other calls: denied', 'other calls: allowed'], byRole),
    'Each call, with the roles that may make it. In parentheses: roles that may, but do not.',
    table(['call', 'allowed to'], byCall),
  ].join('\n\n');
}

function roleRow(role: Role, calls: readonly Call[]): string[] {
  const needed = new Set(neededCalls(role).map(describeCall));
  const others = calls.filter((call) => !needed.has(describeCall(call)));
  const allowed = others.filter((call) => allows(role, call)).length;
  return [role.name, `${needed.size}`, `${others.length - allowed}`, `${allowed}`];
}

function callRow(call: Call, roles: readonly Role[]): string[] {
  const names = roles
    .filter((role) => allows(role, call))
    .map((role) => {
      const name = role.name.replace(/Role$/, '');
      return neededCalls(role).some((needed) => describeCall(needed) === describeCall(call))
        ? name
        : `(${name})`;
    });
  return [`\`${describeCall(call)}\``, names.join(', ') || 'no role'];
}

function list(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

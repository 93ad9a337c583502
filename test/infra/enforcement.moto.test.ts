/** Every checked call as every role, against moto, which enforces the policies of the templates. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type Role, rolesOf } from '../../infra/policies.ts';
import { checkedCalls, describeCall, forbiddenCalls, neededCalls } from './enforcement.ts';
import { notEnforced } from './enforcement-doc.ts';
import { allows, allowsWithoutConditions, type Call } from './iam.ts';
import { documentedSettings, synthesise } from './synthesise.ts';

const python = inject('moto');
const program = fileURLToPath(new URL('../support/moto/replay.py', import.meta.url));

const { core, trainer } = synthesise(documentedSettings);
const roles = [core, trainer!].flatMap((template) => rolesOf(template.toJSON()));
const calls = checkedCalls(roles);

/** By role: true if moto allows the call, false if it denies it, null if it cannot decide. */
const verdictsSchema = z.record(z.string(), z.array(z.boolean().nullable()));
let verdicts: z.infer<typeof verdictsSchema>;

/** Runs replay.py with the policies of the roles. */
async function replay(roles: readonly Role[]): Promise<z.infer<typeof verdictsSchema>> {
  const input = {
    roles: Object.fromEntries(roles.map((role) => [role.name, policyOf(role)])),
    calls: calls.map(({ action, resource }) => ({ action, resource: arnOf(resource, action) })),
  };
  const running = promisify(execFile)(python!, ['-I', program], { maxBuffer: 2 ** 24 });
  running.child.stdin!.end(JSON.stringify(input));
  return verdictsSchema.parse(JSON.parse((await running).stdout));
}

function policyOf({ grants }: Role): object {
  const Statement = grants.map((grant) => ({
    ...grant,
    Resource: grant.Resource.map((resource) => arnOf(resource, grant.Action[0]!)),
  }));
  return { Version: '2012-10-17', Statement };
}

/** Returns the ARN of a resource in the spelling of `rolesOf`. */
function arnOf(resource: string, action: string): string {
  const service = action.split(':')[0]!;
  if (service === 's3') return `arn:aws:s3:::${resource.replace(/^<(\w+)>/, '$1')}`;
  if (resource === '*') return '*';
  const name = resource.startsWith('<') ? `${service}:${resource.slice(1, -1)}` : resource;
  const [of, ...rest] = name.replaceAll(/[<>]/g, '').split(':');
  return `arn:aws:${of}:us-east-1:123456789012:${rest.join(':')}`;
}

function verdictOf(role: Role, call: Call): boolean | null {
  return verdicts[role.name]![
    calls.findIndex((known) => describeCall(known) === describeCall(call))
  ]!;
}

describe.skipIf(python === undefined)('moto', () => {
  beforeAll(async () => {
    verdicts = await replay(roles);
    // Half a minute on an idle machine, and several on a busy one.
  }, 600_000);

  test.each(roles.map((role) => [role.name, role] as const))(
    'allows %s what it needs',
    (_, role) => {
      const denied = neededCalls(role).filter((call) => verdictOf(role, call) === false);
      expect(denied).toEqual([]);
      expect(neededCalls(role).length).toBeGreaterThan(0);
    },
  );

  test.each(roles.map((role) => [role.name, role] as const))(
    'denies %s what no role may',
    (_, role) => {
      expect(forbiddenCalls.filter((call) => verdictOf(role, call) === true)).toEqual([]);
    },
  );

  test.each(roles.map((role) => [role.name, role] as const))(
    'decides for %s as our own evaluation',
    (_, role) => {
      const other = calls.filter((call) => {
        const verdict = verdictOf(role, call);
        return verdict !== null && verdict !== allowsWithoutConditions(role, call);
      });
      expect(other).toEqual([]);
    },
  );

  test('cannot decide on exactly the actions that docs/permissions.md names', () => {
    const undecided = calls.filter((_, index) =>
      roles.some(({ name }) => verdicts[name]![index] === null),
    );
    expect([...new Set(undecided.map(({ action }) => action))].sort()).toEqual(notEnforced);
  });

  test('ignores conditions: if it no longer does, docs/permissions.md changes', () => {
    const start = roles.find(({ name }) => name === 'TriggerStartRole')!;
    const listing = calls.find(({ prefix }) => prefix === 'images/labeled/')!;
    expect(allows(start, listing)).toBe(false);
    expect(verdictOf(start, listing)).toBe(true);
  });

  test('denies what a statement no longer allows', async () => {
    const publish = roles.find(({ name }) => name === 'PublishRole')!;
    const grants = publish.grants.filter(({ Sid }) => Sid !== 'WriteResults');
    const [first] = Object.values(await replay([{ ...publish, grants }]));
    const lost = calls.filter((call, index) => verdictOf(publish, call) && !first![index]);
    expect(lost.map(describeCall)).toContain(
      's3:PutObject <StorageResults>/students/images/CURRENT',
    );
  });
});

test('our own evaluation allows what each role needs, and denies what no role may', () => {
  for (const role of roles) {
    expect(neededCalls(role).filter((call) => !allows(role, call))).toEqual([]);
    expect(forbiddenCalls.filter((call) => allows(role, call))).toEqual([]);
  }
});

import { Stack } from 'aws-cdk-lib';
import {
  type IPrincipal,
  type IRole,
  PolicyDocument,
  type PolicyStatement,
  Role,
} from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { waive } from './nag.ts';
import { flattenReference } from './reference.ts';
import { type Purpose, purposes } from './statement.ts';

/** Makes a role that allows `statements` and nothing that CDK would add by itself. */
export function makeRole(
  scope: Construct,
  id: string,
  assumedBy: IPrincipal,
  statements: PolicyStatement[],
): IRole {
  const document = new PolicyDocument({ statements });
  const role = new Role(scope, id, { assumedBy, inlinePolicies: { Grants: document } });
  for (const statement of statements) waiveWildcards(role, statement);
  return role.withoutPolicyUpdates();
}

/** Waives wildcards, each for the reason of its statement. */
function waiveWildcards(role: Role, statement: PolicyStatement): void {
  // `allow` makes every statement, with one of these as its Sid.
  const reason = purposes[statement.sid as Purpose];
  const resources = statement.resources.map((resource) =>
    flattenReference(Stack.of(role).resolve(resource)),
  );
  for (const action of statement.actions.filter(isWild)) {
    waive(role, `AwsSolutions-IAM5[Action::${action}]`, reason);
  }
  for (const resource of resources.filter(isWild)) {
    waive(role, `AwsSolutions-IAM5[Resource::${resource}]`, reason);
    if (resource === '*') waive(role, 'Serverless-LambdaStarPermissions', reason);
  }
}

function isWild(text: string): boolean {
  return text.includes('*');
}

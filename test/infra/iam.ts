/** Decisions of IAM on calls, by the statements of a role. */
import type { Grant, Role } from '../../infra/policies.ts';

/** One request to AWS, as far as IAM looks at it. */
export interface Call {
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** In the spelling of `rolesOf`: `<StorageData>`, `<StorageData>/key` or `states:…`. */
  readonly resource: string;
  /** Prefix of a listing. */
  readonly prefix?: string;
}

/** Returns whether the role may make the call. */
export function allows({ grants }: Pick<Role, 'grants'>, call: Call): boolean {
  return grants.some((grant) => covers(grant, call) && meets(grant, call));
}

/** Returns whether the role could make the call if its statements had no conditions. */
export function allowsWithoutConditions({ grants }: Role, call: Call): boolean {
  return grants.some((grant) => covers(grant, call));
}

function covers({ Action, Resource }: Grant, { action, resource }: Call): boolean {
  return Action.includes(action) && Resource.some((pattern) => matches(pattern, resource));
}

function meets({ Condition }: Grant, { prefix = '' }: Call): boolean {
  return (Condition.StringLike?.['s3:prefix'] ?? ['*']).some((like) => matches(like, prefix));
}

/** Matches as IAM does: `*` is any text, also one with "/". */
function matches(pattern: string, text: string): boolean {
  const literal = pattern.split('*').map((part) => part.replace(/[^\w/]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`, 's').test(text);
}

import { PermissionsBoundary, type StackProps } from 'aws-cdk-lib';
import type { Settings } from './settings.ts';

/** Returns the properties that both stacks have: name, tags and the boundary of their roles. */
export function stackProps(
  stackName: string,
  { tags, permissionsBoundary }: Pick<Settings, 'tags' | 'permissionsBoundary'>,
): StackProps {
  return {
    stackName,
    ...(tags && { tags }),
    ...(permissionsBoundary !== undefined && {
      permissionsBoundary: permissionsBoundary.startsWith('arn:')
        ? PermissionsBoundary.fromArn(permissionsBoundary)
        : PermissionsBoundary.fromName(permissionsBoundary),
    }),
  };
}

import { IgnoreMode, Stack } from 'aws-cdk-lib';
import { type IRepository, Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';
import { packageRoot } from '../src/package-root.ts';
import type { ImageUri } from './settings.ts';

/** Image in a repository of ECR. */
export interface Image {
  readonly repository: IRepository;
  readonly tagOrDigest: string;
}

/**
 * Files for the other image only. The fingerprint of an image must not change with them, although
 * .dockerignore keeps them.
 */
const unused = { functions: ['dist/functions', 'dist/src'], trainer: ['dist/lambda'] };

/**
 * Opens the prebuilt image, or the one of `infra/images/<name>/Dockerfile`, which the deployment
 * builds with Docker from the package's root. Synthesis computes the fingerprint only, and needs no
 * Docker.
 */
export function openImage(
  scope: Construct,
  name: keyof typeof unused,
  prebuilt: ImageUri | undefined,
): Image {
  const id = `${name}-image`;
  if (prebuilt) {
    const { account, region, repository: repositoryName, tagOrDigest } = prebuilt;
    const registry = { service: 'ecr', account, region, resource: 'repository' };
    const repositoryArn = Stack.of(scope).formatArn({ ...registry, resourceName: repositoryName });
    const attributes = { repositoryName, repositoryArn };
    return { repository: Repository.fromRepositoryAttributes(scope, id, attributes), tagOrDigest };
  }
  const file = `infra/images/${name}/Dockerfile`;
  const asset = new DockerImageAsset(scope, id, {
    directory: packageRoot,
    file,
    // TensorFlow is measured and tested on x86.
    platform: Platform.LINUX_AMD64,
    exclude: [...unused[name], `!${file}`],
    ignoreMode: IgnoreMode.DOCKER,
  });
  return { repository: asset.repository, tagOrDigest: asset.imageTag };
}

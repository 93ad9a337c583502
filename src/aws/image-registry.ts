/** Repositories of ECR in the configured account and region, for the images of a deployment. */
import {
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  RepositoryNotFoundException,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr';
import { UserError } from '../errors.ts';
import { patient } from '../store/patience.ts';

/** Lets Lambda pull an image (Lambda Developer Guide, "Amazon ECR permissions"). */
const lambdaMayPull = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'LambdaECRImageRetrievalPolicy',
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    },
  ],
});

/**
 * Returns the URI of a repository: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/NAME. Creates the
 * repository if it is missing.
 *
 * @param isForLambda Whether a created repository lets Lambda pull images.
 */
export async function ensureRepository(name: string, isForLambda: boolean): Promise<string> {
  const client = new ECRClient(patient());
  try {
    const names = { repositoryNames: [name] };
    const { repositories } = await client.send(new DescribeRepositoriesCommand(names));
    const uri = repositories?.[0]?.repositoryUri;
    if (uri !== undefined) return uri;
  } catch (error) {
    if (!(error instanceof RepositoryNotFoundException)) throw error;
  }
  const scan = { imageScanningConfiguration: { scanOnPush: true } };
  const { repository } = await client.send(
    new CreateRepositoryCommand({ repositoryName: name, ...scan }),
  );
  if (isForLambda) {
    const policy = { repositoryName: name, policyText: lambdaMayPull };
    await client.send(new SetRepositoryPolicyCommand(policy));
  }
  const uri = repository?.repositoryUri;
  if (uri === undefined) throw new Error(`ECR created ${name} without a URI`);
  return uri;
}

export interface RegistryLogin {
  readonly user: string;
  readonly password: string;
}

/** Returns a login for the registry of the account and region, valid for twelve hours. */
export async function registryLogin(): Promise<RegistryLogin> {
  const token = await new ECRClient(patient()).send(new GetAuthorizationTokenCommand({}));
  const encoded = token.authorizationData?.[0]?.authorizationToken ?? '';
  const [user = '', password = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { user, password };
}

/** Manifests of a single image. Lambda refuses indexes, which attestations make. */
const singleImages = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];

/**
 * Returns the digest of a pushed image: sha256:….
 *
 * @throws UserError if it is an index of several images.
 */
export async function pushedDigest(repository: string, tag: string): Promise<string> {
  const { imageDetails } = await new ECRClient(patient()).send(
    new DescribeImagesCommand({ repositoryName: repository, imageIds: [{ imageTag: tag }] }),
  );
  const { imageDigest, imageManifestMediaType: type } = imageDetails?.[0] ?? {};
  if (imageDigest === undefined) throw new Error(`ECR has no image ${repository}:${tag}`);
  if (type !== undefined && !singleImages.includes(type)) {
    throw new UserError(
      `${repository}:${tag} is of the type ${type}, which Lambda refuses`,
      'Docker added attestations or other platforms. Update Docker, or remove its settings that ' +
        'add them (BUILDX_* variables), and push again.',
    );
  }
  return imageDigest;
}

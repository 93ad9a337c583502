import { TransientError, UserError } from '../errors.ts';
import { credentialCodes, errorCode, statusOf, transientCodes } from '../store/s3-failures.ts';

/** Credential errors of services other than S3. */
const otherCredentialCodes = new Set([
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
]);

const check = 'Check with: aws sts get-caller-identity';

/**
 * Turns an error of an AWS service or of the network into a UserError with a hint; returns other
 * errors unchanged. For use at the edge of the command line: the store explains its own errors.
 */
export function explainAws(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message } = error;
  const code = errorCode(error);
  if (credentialCodes.has(code) || otherCredentialCodes.has(code)) {
    return new UserError(
      `AWS does not accept the credentials: ${message}`,
      `Log in (aws sso login, aws configure, or AWS_PROFILE). ${check}`,
    );
  }
  if (message.includes('Region is missing')) {
    return new UserError(
      'no AWS region is set',
      'Set AWS_REGION, such as eu-west-1, or choose a profile that has one with AWS_PROFILE.',
    );
  }
  if (isDenied(error)) return denied(message);
  if (!isTransient(error)) return error;
  if (error instanceof TransientError) {
    return new UserError(message, error.hint ?? 'Run the same command again to resume.');
  }
  if (statusOf(error) === 0) {
    const endpoint = process.env.AWS_ENDPOINT_URL;
    const settings =
      endpoint === undefined
        ? 'the network and AWS_REGION'
        : `the network, AWS_REGION and AWS_ENDPOINT_URL (${endpoint})`;
    return new UserError(`AWS cannot be reached: ${message || code}`, `Check ${settings}.`);
  }
  return new UserError(
    `AWS is too busy to answer: ${code}: ${message}`,
    'Run the same command again in a few minutes.',
  );
}

/** Returns whether the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TransientError || transientCodes.has(errorCode(error))) return true;
  return statusOf(error) === 429 || statusOf(error) >= 500;
}

function isDenied(error: Error): boolean {
  return statusOf(error) === 403 || /^AccessDenied|^UnauthorizedOperation/.test(errorCode(error));
}

/** Names the missing action, from AWS's text "is not authorized to perform: A on resource: R". */
function denied(message: string): UserError {
  const [, action, resource] =
    /not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(message) ?? [];
  if (action === undefined) {
    return new UserError(`AWS denied access: ${message}`, `Is this the right account? ${check}`);
  }
  const on = resource === undefined ? '' : ` on ${resource}`;
  return new UserError(
    `AWS denied ${action}${on}`,
    `Ask the account's administrator for that permission, or use another profile. ${check}`,
  );
}

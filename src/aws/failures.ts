import { TransientError, UserError } from '../errors.ts';
import { codeOf, credentialCodes, statusOf, transientCodes } from '../store/s3-failures.ts';

/** What services other than S3 call the same. */
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
 * A failure of an AWS service, or of the way to it, as one that says what to do; anything else stays
 * as it is. For the edge of the command line: what the store throws is explained already.
 */
export function explainAws(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message } = error;
  const code = codeOf(error);
  if (credentialCodes.has(code) || otherCredentialCodes.has(code)) {
    return new UserError(
      `AWS does not know who asks: ${message}`,
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
    return new UserError(message, 'Run the same command again: it goes on from here.');
  }
  if (statusOf(error) === 0) {
    const endpoint = process.env.AWS_ENDPOINT_URL;
    const through = endpoint === undefined ? '' : `, and AWS_ENDPOINT_URL, which is ${endpoint}`;
    return new UserError(
      `AWS cannot be reached: ${message || code}`,
      `Check the network, the name of the region (AWS_REGION)${through}.`,
    );
  }
  return new UserError(
    `AWS is too busy to answer: ${code}: ${message}`,
    'Run the same command again in a few minutes.',
  );
}

/** Whether the same call may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TransientError || transientCodes.has(codeOf(error))) return true;
  return statusOf(error) === 429 || statusOf(error) >= 500;
}

function isDenied(error: Error): boolean {
  return statusOf(error) === 403 || /^AccessDenied|^UnauthorizedOperation/.test(codeOf(error));
}

/** AWS says which action is missing, and for what: "is not authorized to perform: A on resource: R". */
function denied(message: string): UserError {
  const [, action, resource] =
    /not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(message) ?? [];
  if (action === undefined) {
    return new UserError(`AWS does not allow this: ${message}`, `Is this who you are? ${check}`);
  }
  const on = resource === undefined ? '' : ` on ${resource}`;
  return new UserError(
    `AWS does not allow you ${action}${on}`,
    `Ask whoever manages the account for that permission, or choose another profile. ${check}`,
  );
}

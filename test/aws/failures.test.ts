import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { explainAws, isTransient } from '../../src/aws/failures.ts';
import { TransientError, UserError } from '../../src/errors.ts';

afterEach(() => vi.unstubAllEnvs());

/** An error as the SDK throws it for an answer. */
function answer(name: string, httpStatusCode: number, message = name): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode, attempts: 1 } });
}

function explained(error: unknown): UserError {
  const explanation = explainAws(error);
  expect(explanation).toBeInstanceOf(UserError);
  return explanation as UserError;
}

test('a missing permission is named, with what it is for', () => {
  const arn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:counterweight';
  const text =
    'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ' +
    `states:StartExecution on resource: ${arn} because no identity-based policy allows it`;
  const { message, hint } = explained(answer('AccessDeniedException', 400, text));
  expect(message).toBe(`AWS denied states:StartExecution on ${arn}`);
  expect(hint).toContain('aws sts get-caller-identity');
});

test.each([
  [answer('AccessDenied', 403, 'Access Denied'), /denied access: Access Denied/],
  [answer('ExpiredTokenException', 400), /does not accept the credentials/],
  [answer('UnrecognizedClientException', 400), /does not accept the credentials/],
  [answer('InvalidClientTokenId', 403), /does not accept the credentials/],
  [answer('ThrottlingException', 400), /too busy.*ThrottlingException/],
  [answer('ServiceUnavailable', 503), /too busy/],
  [new TransientError('S3 did not read it'), /^S3 did not read it$/],
])('%s', (error, message) => {
  const { message: text, hint } = explained(error);
  expect(text).toMatch(message);
  expect(hint).toBeTruthy();
});

describe('as the SDK really fails', () => {
  async function failure(): Promise<unknown> {
    const command = new StartExecutionCommand({ stateMachineArn: 'arn:aws:x', name: 'x' });
    return new SFNClient({ maxAttempts: 1 }).send(command).catch((error: unknown) => error);
  }

  function stub(variables: Record<string, string | undefined>): void {
    const nothing = '/nowhere/at/all';
    vi.stubEnv('AWS_CONFIG_FILE', nothing);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', nothing);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined);
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  }

  test('without credentials', async () => {
    stub({ AWS_REGION: 'eu-west-1' });
    expect(explained(await failure()).hint).toMatch(/aws sso login/);
  });

  test('without a region', async () => {
    stub({ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    expect(explained(await failure()).message).toBe('no AWS region is set');
  });

  test('without an answer', async () => {
    stub({
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    const { message, hint } = explained(await failure());
    expect(message).toMatch(/AWS cannot be reached: .*ECONNREFUSED/);
    expect(hint).toContain('AWS_ENDPOINT_URL (http://127.0.0.1:1');
  });
});

test('an error that is not from AWS is left as it is', () => {
  const own = new UserError('wrong', 'right');
  expect(explainAws(own)).toBe(own);
  const bug = new TypeError('x is undefined');
  expect(explainAws(bug)).toBe(bug);
  const refused = answer('InvalidName', 400);
  expect(explainAws(refused)).toBe(refused);
  expect(explainAws('text')).toBe('text');
});

test('transient is what may go well in a moment', () => {
  expect(isTransient(answer('TooManyRequestsException', 429))).toBe(true);
  expect(isTransient(answer('AccessDenied', 403))).toBe(false);
  expect(isTransient(new TypeError())).toBe(false);
});

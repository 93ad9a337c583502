import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { patient } from '../store/patience.ts';

/**
 * Returns how many functions without reserved concurrency may run at once in the configured account
 * and region: 1,000 by default, and 10 in many new accounts.
 */
export async function unreservedConcurrency(): Promise<number | undefined> {
  const { AccountLimit } = await new LambdaClient(patient()).send(
    new GetAccountSettingsCommand({}),
  );
  return AccountLimit?.UnreservedConcurrentExecutions;
}

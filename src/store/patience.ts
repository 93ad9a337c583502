/**
 * How all clients of AWS services are opened. Credentials, region and endpoint come from where every
 * AWS tool takes them, and so does the number of attempts; only its default is ours. Throttling is
 * no reason to give up: the SDK's three attempts are over within seconds, eight take half a minute.
 */
export function patient(): { maxAttempts?: number } {
  return process.env.AWS_MAX_ATTEMPTS === undefined ? { maxAttempts: 8 } : {};
}

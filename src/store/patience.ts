/**
 * Returns the options of all clients of AWS services. Credentials, region, endpoint and number of
 * attempts come from the sources that every AWS tool uses. Only the default number of attempts
 * differs: with the SDK's three, throttled calls would fail within seconds; eight take half a
 * minute.
 */
export function patient(): { maxAttempts?: number } {
  return process.env.AWS_MAX_ATTEMPTS === undefined ? { maxAttempts: 8 } : {};
}

/**
 * How all clients of AWS services are opened. Credentials, region and endpoint come from where every
 * AWS tool takes them; only the patience is ours: throttling is no reason to give up, and the SDK's
 * three attempts are over within seconds. Eight take about half a minute.
 */
export const patient = { maxAttempts: 8 } as const;

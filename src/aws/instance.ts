/** The EC2 instance that this process runs on, as its metadata service (IMDSv2) describes it. */
import { z } from 'zod';

/** AWS asks for one look in five seconds: a notice comes two minutes before the end. */
const pollIntervalMs = 5_000;

const timeoutMs = 1_000;
const attempts = 3;

export interface Instance {
  /** Such as 'g6.xlarge'. */
  readonly type: string;
  readonly lifeCycle: 'spot' | 'ondemand';
}

/** @returns undefined when this is no EC2 instance, or one whose metadata is out of reach. */
export async function findInstance(): Promise<Instance | undefined> {
  if (process.env.AWS_EC2_METADATA_DISABLED === 'true') return undefined;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const type = await read('instance-type').catch(() => undefined);
    const lifeCycle = type && (await read('instance-life-cycle').catch(() => undefined));
    if (lifeCycle) return { type, lifeCycle: lifeCycle === 'spot' ? 'spot' : 'ondemand' };
  }
  return undefined;
}

/**
 * Looks every five seconds whether a Spot instance is about to be taken away.
 * @param onNotice called once, with when that will be.
 */
export function watchReclaim(onNotice: (at: Date) => void): { stop(): void } {
  let stopped = false;
  const look = async () => {
    // A look that fails counts for nothing: the next one comes in a moment.
    const at = await reclaimTime().catch(() => undefined);
    if (!at || stopped) return;
    stop();
    onNotice(at);
  };
  const timer = setInterval(look, pollIntervalMs);
  const stop = () => {
    stopped = true;
    clearInterval(timer);
  };
  void look();
  return { stop };
}

const noticeSchema = z.object({ time: z.coerce.date() });

async function reclaimTime(): Promise<Date | undefined> {
  const notice = await read('spot/instance-action');
  return notice === undefined ? undefined : noticeSchema.parse(JSON.parse(notice)).time;
}

/** @returns the entry's text, or undefined when there is no such entry. */
async function read(entry: string): Promise<string | undefined> {
  const { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint = 'http://169.254.169.254' } = process.env;
  const get = (path: string, init: RequestInit) =>
    fetch(new URL(path, endpoint), { ...init, signal: AbortSignal.timeout(timeoutMs) });
  const lifetime = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' };
  const token = await get('/latest/api/token', { method: 'PUT', headers: lifetime });
  const headers = { 'X-aws-ec2-metadata-token': await token.text() };
  const response = await get(`/latest/meta-data/${entry}`, { headers });
  const body = await response.text();
  return response.ok ? body : undefined;
}

/** The account as `deploy` checks it, answered by a server on this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unreservedConcurrency } from '../../src/aws/concurrency.ts';
import { checkGpus, chooseGpus, functionNotes } from '../../src/cli/check-account.ts';
import { UserError } from '../../src/errors.ts';

const region = 'eu-west-1';
const offer = {
  types: ['g4dn.xlarge', 'g6.xlarge'],
  zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
  gpuZones: ['eu-west-1a', 'eu-west-1c'],
};
const quotaPage =
  'https://eu-west-1.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/';

describe('GPUs', () => {
  test('are of the types and in the zones of the region, at both prices', () => {
    expect(chooseGpus(offer, { spot: 64, 'on-demand': 16 }, region)).toEqual({
      settings: {
        gpuInstances: 'g4dn.xlarge,g6.xlarge',
        zones: 'eu-west-1a,eu-west-1b,eu-west-1c',
        gpuZones: 'eu-west-1a,eu-west-1c',
        gpuMarkets: 'spot,on-demand',
      },
      notes: [],
    });
  });

  test.each([
    [{ spot: 0, 'on-demand': 16 }, 'on-demand', ['Spot quota of G instances is 0 vCPUs']],
    [
      { spot: 16, 'on-demand': 3 },
      'spot',
      [`request 16, and deploy again: ${quotaPage}L-DB2E81BA`],
    ],
    [{ spot: 8, 'on-demand': 64 }, 'spot,on-demand', ['enough for 2 of 4 students']],
    [{ spot: undefined, 'on-demand': 0 }, 'spot', ['Spot quota of G instances could not', 'is 0']],
  ])('with the quotas %j are at %s prices, with a note', (quotas, gpuMarkets, notes) => {
    const check = chooseGpus(offer, quotas, region);
    expect(check.settings.gpuMarkets).toBe(gpuMarkets);
    expect(check.notes).toEqual(notes.map((note) => expect.stringContaining(note)));
  });

  test('are refused without a quota, with the pages that request it', () => {
    const choose = () => chooseGpus(offer, { spot: 0, 'on-demand': 0 }, region);
    expect(choose).toThrow(UserError);
    expect(choose).toThrow(/0 vCPUs for Spot and 0 vCPUs for On-Demand. A student needs 4/);
    const hint = `${quotaPage}L-3819A6DF\n  ${quotaPage}L-DB2E81BA`;
    expect(choose).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
  });

  test('are refused in a region without them', () => {
    const choose = () => chooseGpus({ ...offer, types: [] }, { spot: 8, 'on-demand': 8 }, region);
    expect(choose).toThrow(/none of g4dn.xlarge, g5.xlarge, g6.xlarge in eu-west-1/);
  });
});

test.each([
  [undefined, []],
  [1000, []],
  [10, [expect.stringMatching(/10 functions at once: .* 9 shards .*lambda\/quotas\/L-B99A9384$/)]],
])('an account of %s functions is described', (allowed, notes) => {
  expect(functionNotes(allowed, region)).toEqual(notes);
});

/** vCPUs per quota code; a quota without a value of the account has its default only. */
const applied: Record<string, number> = { 'L-DB2E81BA': 8 };
const defaults: Record<string, number> = { 'L-3819A6DF': 0 };

function answer(path: string, target: string, body: string): [number, string] {
  if (path === '/2016-08-19/account-settings') {
    return [200, '{"AccountLimit":{"UnreservedConcurrentExecutions":10}}'];
  }
  if (target.includes('ServiceQuotas')) {
    const values = target.endsWith('.GetServiceQuota') ? applied : defaults;
    const value = values[JSON.parse(body).QuotaCode];
    if (value === undefined) return [400, '{"__type":"NoSuchResourceException"}'];
    return [200, JSON.stringify({ Quota: { Value: value } })];
  }
  const action = new URLSearchParams(body).get('Action');
  const items =
    action === 'DescribeAvailabilityZones'
      ? ['b', 'a', 'c'].map((zone) => `<zoneName>eu-west-1${zone}</zoneName>`)
      : [
          ['g6.xlarge', 'eu-west-1a'],
          ['g4dn.xlarge', 'eu-west-1c'],
          ['g5.xlarge', 'eu-west-1-lon-1a'],
        ].map(([type, zone]) => `<instanceType>${type}</instanceType><location>${zone}</location>`);
  const set =
    action === 'DescribeAvailabilityZones' ? 'availabilityZoneInfo' : 'instanceTypeOfferingSet';
  const list = items.map((item) => `<item>${item}</item>`).join('');
  return [200, `<${action}Response><${set}>${list}</${set}></${action}Response>`];
}

describe('the services', () => {
  const server = createServer(async (request, response) => {
    const target = String(request.headers['x-amz-target'] ?? '');
    const [status, body] = answer(request.url ?? '', target, await text(request));
    response.writeHead(status).end(body);
  });
  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // listen() on a port gives an AddressInfo, never a pipe's name.
    const { port } = server.address() as AddressInfo;
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    vi.stubEnv('AWS_REGION', region);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    server.close();
    server.closeAllConnections();
  });

  test('give types, zones and quotas, without Local Zones', async () => {
    const { settings, notes } = await checkGpus(region);
    expect(settings).toEqual({
      gpuInstances: 'g4dn.xlarge,g6.xlarge',
      zones: 'eu-west-1a,eu-west-1b,eu-west-1c',
      gpuZones: 'eu-west-1a,eu-west-1c',
      gpuMarkets: 'on-demand',
    });
    expect(notes.join()).toMatch(/Spot quota of G instances is 0.*On-Demand quota.* 2 of 4/);
  });

  test('give the limit of functions', async () => {
    expect(await unreservedConcurrency()).toBe(10);
  });
});

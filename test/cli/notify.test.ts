import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../../src/cli/arguments.ts';
import { Notifier, secretVariable, signature, signatureHeader } from '../../src/cli/notify.ts';

const failure = { event: 'run.failed', dataset: 'digits', error: 'no labels' } as const;

/** Starts a server that answers with some statuses, one after the other. */
async function startServer(...statuses: number[]) {
  const requests: { readonly request: IncomingMessage; readonly body: string }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ request, body: await text(request) });
    response.writeHead(statuses.shift() ?? 200).end('a long answer');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { requests, address: `http://127.0.0.1:${port}/hooks/secret`, port };
}

test('a notification is signed JSON', async () => {
  const { requests, address } = await startServer();
  const notifier = new Notifier(address, { [secretVariable]: 'key' }, [0]);
  expect(await notifier.send(failure)).toBeUndefined();
  const [{ request, body }] = requests as [(typeof requests)[number]];
  expect(request.method).toBe('POST');
  expect(request.url).toBe('/hooks/secret');
  expect(JSON.parse(body)).toEqual(failure);
  expect(request.headers[signatureHeader]).toBe(signature(body, 'key'));
  // By: printf %s BODY | openssl dgst -sha256 -hmac key
  expect(signature('{"a":1}', 'key')).toBe(
    'sha256=88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342',
  );
});

test('without a secret there is no signature', async () => {
  const { requests, address } = await startServer();
  await new Notifier(address, {}, [0]).send(failure);
  expect(requests[0]!.request.headers).not.toHaveProperty(signatureHeader);
});

test('a request that fails is tried again, and the address stays secret', async () => {
  const { requests, address, port } = await startServer(500, 503, 404);
  const notifier = new Notifier(address, {}, [0, 0]);
  expect(await notifier.send(failure)).toBe(
    `the notification to 127.0.0.1:${port} was not accepted: status 503`,
  );
  expect(requests).toHaveLength(2);
  expect(await notifier.send(failure)).toBeUndefined();
  expect(requests).toHaveLength(4);
});

test('a server that does not answer is named', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const problem = await new Notifier(`http://127.0.0.1:${port}/x`, {}, [0]).send(failure);
  expect(problem).toContain('ECONNREFUSED');
});

test.each(['', 'example.com', 'ftp://example.com', 'file:///etc'])('%j is refused', (address) => {
  expect(() => new Notifier(address)).toThrow(UsageError);
});

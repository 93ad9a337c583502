import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** An EC2 metadata service on this machine, which answers as version 2 does: with a token only. */
export async function startMetadataServer(entries: Record<string, string>) {
  const token = 'AQAEA-token';
  const server = createServer(({ method, url = '', headers }, response) => {
    if (method === 'PUT' && url === '/latest/api/token') {
      const hasLifetime = headers['x-aws-ec2-metadata-token-ttl-seconds'] !== undefined;
      response.writeHead(hasLifetime ? 200 : 400).end(hasLifetime ? token : '');
      return;
    }
    if (headers['x-aws-ec2-metadata-token'] !== token) {
      response.writeHead(401).end();
      return;
    }
    const entry = url.replace('/latest/meta-data/', '');
    const text = entries[entry];
    response.writeHead(text === undefined ? 404 : 200).end(text);
    if (text !== undefined) server.emit(`served ${entry}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    /** Adds an entry, and waits until it is read. */
    async serve(entry: string, text: string): Promise<void> {
      entries[entry] = text;
      await once(server, `served ${entry}`);
    },
  };
}

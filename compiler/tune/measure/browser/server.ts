import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { TargetName } from '../../../pipeline.ts';
import { isOwnHost, originsOf } from './hosts.ts';
import { mainScriptFor, readModules } from './modules.ts';
import type { BrowserSession } from './session.ts';
import { type Reply, refuse, Site } from './site.ts';

export interface BrowserServer {
  /** Where the page can be opened; each holds the token, which is good for one browser. */
  readonly addresses: readonly string[];
  readonly close: () => Promise<void>;
}

/** So long, in milliseconds, replies may take at the end. */
const CLOSING_MS = 500;
/** More than any answer of a page takes. */
const MOST_BYTES = 2 ** 20;

/** With these a page is by itself and has a fine clock. Nothing is kept, and no address told to anyone. */
const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Serves the page of a session at a host, at a port that is free: one that measures kernels of a model for a target. Throws
 * what the system says where that cannot be listened at.
 */
export async function serveSession(
  session: BrowserSession,
  host: string,
  model: string,
  target: TargetName = 'wasm',
): Promise<BrowserServer> {
  const site = new Site(session, { model, mainScript: mainScriptFor(target) }, await readModules());
  const server = createServer((request, response) => {
    answer(site, request, response, host)
      .catch((error: unknown) => refuse(400, error instanceof Error ? error.message : String(error)))
      .then(({ status, headers, body }) => response.writeHead(status, { ...HEADERS, ...headers }).end(body))
      .catch(() => response.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    addresses: originsOf(host, port).map((origin) => `${origin}/${site.token}`),
    close: async () => {
      server.close();
      // Replies that are under way are given.
      await Promise.race([once(server, 'close'), delay(CLOSING_MS)]);
      server.closeAllConnections();
    },
  };
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse, host: string): Promise<Reply> {
  const { method = '', url = '/', headers } = request;
  if (!isOwnHost(headers.host, host)) return refuse(421, 'This server does not know that name.');
  if (method !== 'GET' && method !== 'POST') return refuse(405, 'This cannot be done here.');
  if (method === 'POST' && !(Number(headers['content-length']) <= MOST_BYTES)) return refuse(413, 'This is too long.');
  const controller = new AbortController();
  response.on('close', () => controller.abort());
  const json = async (): Promise<unknown> => JSON.parse(await text(request));
  return site.answer({ method, url: new URL(`http://localhost${url}`), json, signal: controller.signal });
}

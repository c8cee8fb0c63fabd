import { createServer, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

type Content = Uint8Array | string;

export interface StaticServer {
  /** Without a slash at its end. */
  readonly address: string;
  readonly close: () => void;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** With these a page is cross-origin isolated, and may share memory with its workers. */
export const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Files of a folder of a site. */
export const under = (folder: string, files: Readonly<Record<string, Content>>): Readonly<Record<string, Content>> =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}${name}`, content]));

/**
 * Serves a site on a free port of this machine: the files by their paths, or what a function finds for a path, each with
 * its headers. A path without an extension is a page's; what is not there is 404.
 */
export async function serveStatic(
  site: Readonly<Record<string, Content>> | ((path: string) => Promise<Content | undefined>),
  headersOf: (path: string) => OutgoingHttpHeaders,
): Promise<StaticServer> {
  const find = typeof site === 'function' ? site : async (path: string) => site[path];
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    const content = await find(path);
    const type = TYPES[extname(path) || '.html'] ?? 'application/octet-stream';
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': type, ...headersOf(path) }).end(content);
  };
  const server = createServer(({ url = '/' }, response) => void answer(url, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

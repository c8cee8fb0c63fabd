import { type IncomingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../../../compiler/tune/measure/browser/encoding.ts';
import { isOwnHost, originsOf } from '../../../../compiler/tune/measure/browser/hosts.ts';
import type { MeasureOrder, NumberedOrder } from '../../../../compiler/tune/measure/browser/protocol.ts';
import { type BrowserServer, serveSession } from '../../../../compiler/tune/measure/browser/server.ts';
import { BrowserSession } from '../../../../compiler/tune/measure/browser/session.ts';
import { profile } from './some-profile.ts';

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer<ArrayBuffer>;
}

const order: MeasureOrder = {
  kind: 'measure',
  worker: 1,
  patience: 9,
  shown: { task: 't', measured: 0, failed: 0 },
  message: {
    kind: 'batch',
    task: 't',
    batch: { module: Uint8Array.of(0, 97), kernels: [], isFinal: false },
    timing: { cache: 'warm', spread: 0.02, limit: 25, least: 3, tiersUp: true },
  },
};

let session: BrowserSession;
let server: BrowserServer;
let token: URL;
/** The address of the page, once the token has been used. */
let page: URL;

beforeAll(async () => {
  session = new BrowserSession({ patience: 60_000, say: () => undefined });
  server = await serveSession(session, '127.0.0.1', 'a <model>.onnx');
  token = new URL(server.addresses[0] ?? '');
});
afterAll(async () => {
  await session.finish();
  await server.close();
});

/** As it goes over the wire: `fetch` would mend paths and not send a false name. */
function ask(
  method: string,
  path: string,
  more: { readonly host?: string; readonly body?: string } = {},
): Promise<Got> {
  const headers = more.host === undefined ? {} : { host: more.host };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: token.port, method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on('error', reject).end(more.body);
  });
}

const post = (path: string, json?: unknown) =>
  ask('POST', path, { body: json === undefined ? '' : JSON.stringify(json) });
const inside = (path: string): string => `${page.pathname}${path}`;

describe('the server of a page that measures', () => {
  test('prints an address of this machine alone, with a token of 256 bits', () => {
    expect(server.addresses).toHaveLength(1);
    expect(token.hostname).toBe('127.0.0.1');
    expect(token.pathname).toMatch(/^\/[\w-]{43}$/);
  });

  test('answers no one without the token', async () => {
    const wrong = `/${'A'.repeat(43)}`;
    for (const path of [
      '/',
      wrong,
      `${wrong}/`,
      `${token.pathname}x`,
      `${token.pathname}/enter`,
      '/favicon.ico',
      '//',
      '/%2e%2e/',
    ])
      for (const method of ['GET', 'POST']) expect(await ask(method, path)).toMatchObject({ status: 403 });
    expect((await ask('PUT', token.pathname)).status).toBe(405);
  });

  test('answers no one who has it under another name', async () => {
    for (const host of ['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.nip.io', 'a@127.0.0.1'])
      expect((await ask('POST', token.pathname, { host })).status, host).toBe(421);
  });

  test('looking at the address does not use the token, posting it does, once', async () => {
    for (const method of ['GET', 'GET'])
      expect((await ask(method, token.pathname)).body.toString()).toContain('<form method="post">');
    const claimed = await ask('POST', token.pathname, { host: `localhost:${token.port}` });
    expect(claimed.status).toBe(303);
    page = new URL(claimed.headers.location ?? '', token);
    expect(page.pathname).toMatch(/^\/[\w-]{43}\/$/);
    expect(page.pathname).not.toContain(token.pathname);
    for (const method of ['GET', 'POST']) {
      const refused = await ask(method, token.pathname);
      expect(refused.status).toBe(403);
      expect(refused.body.toString()).toContain('This address has been used');
    }
  });

  test('the page is by itself: a strict policy, nothing kept, a fine clock', async () => {
    const { status, headers, body } = await ask('GET', page.pathname);
    expect(status).toBe(200);
    expect(body.toString()).toContain('<h1>Tuning of a &#60;model&#62;.onnx</h1>');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.* script-src 'self' 'wasm-unsafe-eval'/),
    });
    expect((await ask('GET', page.pathname, { host: 'evil.example' })).status).toBe(421);
  });

  test('its scripts are those of a list, as JavaScript, and no other file', async () => {
    const [, main = ''] =
      /<script type="module" src="([^"]*)"/.exec((await ask('GET', page.pathname)).body.toString()) ?? [];
    const script = await ask('GET', inside(main));
    expect(script).toMatchObject({ status: 200, headers: { 'content-type': 'text/javascript; charset=utf-8' } });
    expect(script.body.toString()).not.toContain('import type');
    for (const path of [
      'package.json',
      'compiler/tune/tune.ts',
      'ir/../package.json',
      '../package.json',
      `${main}/`,
      `/${main}`,
    ])
      expect((await ask('GET', inside(path))).status, path).toBeGreaterThanOrEqual(403);
  });

  test('a page enters, gets orders as bytes, and answers', async () => {
    const entered = await post(inside('enter'), profile);
    const { page: id } = JSON.parse(entered.body.toString()) as { readonly page: string };
    expect(await session.opened(new AbortController().signal)).toEqual(profile);
    const first = await post(inside(`next?page=${id}&seen=0`));
    const { number } = decode(first.body) as NumberedOrder;
    const waiting = post(inside(`next?page=${id}&seen=${number}`));
    const asked = session.ask(order);
    expect(decode((await waiting).body)).toMatchObject({ number: number + 1, order: { message: order.message } });
    const answer = { kind: 'failed', message: 'no' };
    expect((await post(inside(`answer?page=${id}&number=${number + 1}`), answer)).status).toBe(204);
    expect(await asked).toEqual(answer);
    expect((await post(inside('next?page=other&seen=0'))).status).toBe(410);
    expect((await post(inside('enter'), { ...profile, features: [] })).status).toBe(409);
  });

  test('what a page says may be anything', async () => {
    for (const said of [null, { ...profile, features: ['x'] }])
      expect((await post(inside('enter'), said)).status).toBe(400);
    expect((await post(inside('enter'), 'x'.repeat(2 ** 21))).status).toBe(413);
    const { page: id } = JSON.parse((await post(inside('enter'), profile)).body.toString()) as {
      readonly page: string;
    };
    const asked = session.ask(order);
    const { number } = decode((await post(inside(`next?page=${id}&seen=0`))).body) as NumberedOrder;
    await post(inside(`answer?page=${id}&number=${number}`), { kind: 'measured' });
    expect(await asked).toMatchObject({ kind: 'failed', message: expect.stringContaining('cannot be read') });
  });
});

test('names that no one else can make point here', () => {
  for (const host of ['127.0.0.1:80', '[::1]:80', '192.168.0.7:41000', 'LOCALHOST:1', 'laptop.local:1'])
    expect(isOwnHost(host, 'laptop.local'), host).toBe(true);
  for (const host of [undefined, '', 'laptop', '127.1', 'x:127.0.0.1', '[evil.example]:80'])
    expect(isOwnHost(host, 'laptop.local'), host).toBe(false);
});

test('an address is printed for each way to a server that listens everywhere', () => {
  expect(originsOf('::1', 80)).toEqual(['http://[::1]:80']);
  expect(originsOf('laptop.local', 80)).toEqual(['http://laptop.local:80']);
  for (const origin of originsOf('0.0.0.0', 80)) expect(origin).toMatch(/^http:\/\/[1-9][\d.]+:80$/);
});

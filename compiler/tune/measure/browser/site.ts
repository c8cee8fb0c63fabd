import type { Answer, Lost } from '../ask.ts';
import { parseAnswer, parseProfile } from './answers.ts';
import { type Document, entranceDocument, measuringDocument, refusalDocument } from './documents.ts';
import { encode } from './encoding.ts';
import { POLL_MS } from './protocol.ts';
import { isSecret, newSecret } from './secret.ts';
import type { BrowserSession } from './session.ts';

/** What the site is asked. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  /** The body as JSON. Throws an Error where it is none or too long. */
  readonly json: () => Promise<unknown>;
  /** Aborts when no one waits for the reply any more. */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export const refuse = (status: number, why: string): Reply => documentReply(refusalDocument(why), status);

const documentReply = ({ html, policy }: Document, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
  body: html,
});

/** What a page says that cannot be read is an answer, too: no other one follows. */
function readAnswer(json: unknown): Answer | Lost {
  try {
    return parseAnswer(json);
  } catch (error) {
    return { kind: 'failed', message: `the page's answer cannot be read: ${(error as Error).message}` };
  }
}

/**
 * The pages and the session behind them. Whoever first posts the token back is sent to another secret, below which stands
 * all that there is: documents, scripts out of a fixed list, and the session. Anything else is refused.
 */
export class Site {
  readonly token = newSecret();
  readonly #secret = newSecret();
  #isClaimed = false;
  readonly #session: BrowserSession;
  readonly #model: string;
  readonly #mainScript: string;
  /** By their paths. */
  readonly #scripts: ReadonlyMap<string, string>;

  constructor(
    session: BrowserSession,
    { model, mainScript }: { readonly model: string; readonly mainScript: string },
    scripts: ReadonlyMap<string, string>,
  ) {
    this.#session = session;
    this.#model = model;
    this.#mainScript = mainScript;
    this.#scripts = scripts;
  }

  async answer(asked: Asked): Promise<Reply> {
    const [, secret = '', ...rest] = asked.url.pathname.split('/');
    if (isSecret(secret, this.#secret)) return this.#inside(rest.join('/'), asked);
    if (!isSecret(secret, this.token) || rest.length > 0)
      return refuse(403, 'This is not the address that was printed.');
    if (this.#isClaimed) return refuse(403, 'This address has been used: it is good for one browser, once.');
    if (asked.method !== 'POST') return documentReply(entranceDocument());
    this.#isClaimed = true;
    return { status: 303, headers: { location: `/${this.#secret}/` } };
  }

  async #inside(path: string, asked: Asked): Promise<Reply> {
    const { method } = asked;
    if (method === 'POST') return this.#talk(path, asked);
    if (path === '') return documentReply(measuringDocument(this.#model, this.#mainScript));
    const script = this.#scripts.get(path);
    if (script === undefined) return refuse(404, 'There is nothing here.');
    return { status: 200, headers: { 'content-type': 'text/javascript; charset=utf-8' }, body: script };
  }

  async #talk(path: string, { url: { searchParams }, json, signal }: Asked): Promise<Reply> {
    const page = searchParams.get('page') ?? '';
    switch (path) {
      case 'enter': {
        const entered = this.#session.enter(parseProfile(await json()));
        if (entered === undefined) return refuse(409, 'Another device has begun to measure.');
        return {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ page: entered }),
        };
      }
      case 'next': {
        const order = await this.#session.next(page, Number(searchParams.get('seen')), POLL_MS, signal);
        if (order === 'replaced') return refuse(410, 'Another page has taken over.');
        if (order === 'none') return { status: 204 };
        return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: encode(order) };
      }
      case 'answer':
        this.#session.answer(page, Number(searchParams.get('number')), readAnswer(await json()));
        return { status: 204 };
      default:
        return refuse(404, 'There is nothing here.');
    }
  }
}

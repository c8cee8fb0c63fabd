import type { DeviceProfile } from '../../../device.ts';
import type { Answer, Lost } from '../../ask.ts';
import { decode } from '../encoding.ts';
import { type NumberedOrder, POLL_MS } from '../protocol.ts';

/** The tuner does not want this page, and says why. */
export class Refused extends Error {}

/** What the page and the tuner say to each other, as `BrowserSession` has it. Each call throws a Refused. */
export interface Connection {
  readonly next: (seen: number) => Promise<NumberedOrder>;
  readonly answer: (number: number, answer: Answer | Lost) => Promise<void>;
}

const AGAIN_MS = 1000;

/** Enters. Where the network fails, here and later, it is tried again for as long as it takes; each change is told. */
export async function enter(profile: DeviceProfile, onConnected: (is: boolean) => void): Promise<Connection> {
  const post = (path: string, body?: unknown): Promise<Response> => insist(path, body, onConnected);
  const { page } = (await (await post('enter', profile)).json()) as { readonly page: string };
  return {
    next: async (seen) => {
      for (;;) {
        const response = await post(`next?page=${page}&seen=${seen}`);
        if (response.status === 200) return decode(new Uint8Array(await response.arrayBuffer())) as NumberedOrder;
      }
    },
    answer: async (number, answer) => {
      await post(`answer?page=${page}&number=${number}`, answer);
    },
  };
}

async function insist(path: string, body: unknown, onConnected: (is: boolean) => void): Promise<Response> {
  for (;;) {
    const response = await attempt(path, body);
    onConnected(response !== undefined);
    if (response?.ok) return response;
    if (response !== undefined) throw new Refused(messageIn(await response.text()));
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Undefined where no answer comes. */
async function attempt(path: string, body: unknown): Promise<Response | undefined> {
  try {
    const signal = AbortSignal.timeout(POLL_MS + 10_000);
    return await fetch(path, { method: 'POST', signal, ...(body !== undefined && { body: JSON.stringify(body) }) });
  } catch {
    return undefined;
  }
}

const messageIn = (html: string): string => new DOMParser().parseFromString(html, 'text/html').body.innerText.trim();

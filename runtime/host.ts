/** A thread that the host runs a module in, of Node or of a browser. */
export interface Thread {
  readonly send: (message: unknown) => void;
  /** Whether the process stays for the thread. A browser's page ends its threads with itself. */
  readonly keepAlive: (keep: boolean) => void;
  readonly end: () => void;
}

export interface ThreadEvents {
  readonly onMessage: (message: unknown) => void;
  /** The thread failed or ended, and not because it was asked to. */
  readonly onEnd: (reason: string) => void;
}

interface NodeWorker {
  on(event: 'message', listener: (message: unknown) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  postMessage(message: unknown): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}

interface NodePort {
  on(event: 'message', listener: (message: unknown) => void): void;
  postMessage(message: unknown): void;
}

interface NodeThreads {
  readonly Worker: new (file: URL, options: { readonly execArgv: readonly string[] }) => NodeWorker;
  readonly parentPort: NodePort | null;
}

/** Node's threads without an import of them, which a bundler for browsers would have to resolve. */
function nodeThreads(): NodeThreads | undefined {
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return host.process?.getBuiltinModule?.('node:worker_threads') as NodeThreads | undefined;
}

/** Why this host runs models on one thread, if it does. */
export function whyOneThread(): string | undefined {
  const { crossOriginIsolated: isIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (isIsolated === false) return 'the page is not cross-origin isolated';
  if (typeof SharedArrayBuffer !== 'function') return 'this host has no SharedArrayBuffer';
  if (nodeThreads() === undefined && typeof Worker !== 'function') return 'this host has no workers';
  return undefined;
}

/** Runs `worker.js`, which stands beside this file, in a thread of its own. */
export function startThread(events: ThreadEvents): Thread {
  const node = nodeThreads();
  return node === undefined ? startInBrowser(events) : startInNode(node, events);
}

function startInNode({ Worker: NodeThread }: NodeThreads, { onMessage, onEnd }: ThreadEvents): Thread {
  // In a checkout, Node runs the sources as they are. (Bundlers take a template in `new URL` for a pattern.)
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new NodeThread(new URL(file, import.meta.url), { execArgv: [] });
  let isAsked = false;
  const report = (reason: string) => {
    if (!isAsked) onEnd(reason);
  };
  worker.on('message', onMessage);
  worker.on('error', (error) => report(error.message));
  worker.on('exit', (code) => report(`it ended with exit code ${code}`));
  return {
    send: (message) => worker.postMessage(message),
    keepAlive: (keep) => (keep ? worker.ref() : worker.unref()),
    end: () => {
      isAsked = true;
      void worker.terminate();
    },
  };
}

function startInBrowser({ onMessage, onEnd }: ThreadEvents): Thread {
  // Bundlers know a worker by this expression, written out.
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }) => onMessage(data));
  worker.addEventListener('error', ({ message }) => onEnd(message || 'worker.js cannot be loaded'));
  return { send: (message) => worker.postMessage(message), keepAlive: () => undefined, end: () => worker.terminate() };
}

/** The other end, in the thread itself. */
export interface Parent {
  readonly send: (message: unknown) => void;
  readonly receive: (onMessage: (message: unknown) => void) => void;
}

export function parentThread(): Parent {
  const port = nodeThreads()?.parentPort;
  if (port !== undefined && port !== null)
    return { send: (message) => port.postMessage(message), receive: (onMessage) => port.on('message', onMessage) };
  const scope = globalThis as unknown as Pick<Worker, 'postMessage' | 'addEventListener'>;
  return {
    send: (message) => scope.postMessage(message),
    receive: (onMessage) => scope.addEventListener('message', ({ data }) => onMessage(data)),
  };
}

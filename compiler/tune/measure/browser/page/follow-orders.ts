import { assertNever } from '../../../../../ir/errors.ts';
import type { DeviceProfile } from '../../../device.ts';
import { tickOfClock } from '../../sampling.ts';
import type { MeasureOrder } from '../protocol.ts';
import { type Connection, enter } from './connection.ts';
import { keepAwake } from './keep-awake.ts';
import { showDevice, showProgress, showState } from './view.ts';
import { openWorker, type WebWorker, type WorkerScript } from './web-worker.ts';

const over = new AbortController();
let state = 'Waiting for kernels …';
/** The worker, under the number that orders know it by. */
let current: { readonly number: number; readonly worker: WebWorker } | undefined;

function tell(what: string): void {
  state = what;
  showState(what);
}

function rest(): void {
  current?.worker.end();
  current = undefined;
}

async function follow(connection: Connection, script: WorkerScript): Promise<void> {
  let doing = new AbortController();
  for (let seen = 0; ; ) {
    const { number, order } = await connection.next(seen);
    seen = number;
    doing.abort();
    switch (order.kind) {
      case 'measure':
        doing = new AbortController();
        tell('Measuring …');
        // Where no answer can be given, no order can be had: that is told of.
        measure(connection, script, number, order, doing.signal).catch(() => undefined);
        break;
      case 'rest':
        tell('Waiting for kernels …');
        rest();
        break;
      case 'finish':
        return;
      default:
        assertNever(order);
    }
  }
}

async function measure(
  connection: Connection,
  script: WorkerScript,
  number: number,
  { worker, message, patience, shown }: MeasureOrder,
  signal: AbortSignal,
): Promise<void> {
  showProgress(shown);
  if (current?.number !== worker) {
    rest();
    const opened = await openWorker(script, signal);
    if (opened === undefined) return;
    current = { number: worker, worker: opened };
  }
  const answer = await current.worker.ask(message, patience, signal);
  if (!signal.aborted) await connection.answer(number, answer);
}

async function run(thisProfile: () => Promise<DeviceProfile>, script: WorkerScript): Promise<string> {
  const profile = await thisProfile();
  showDevice(profile, tickOfClock());
  keepAwake(over.signal);
  const connection = await enter(profile, (is) =>
    showState(is ? state : 'No connection to the terminal; trying again …'),
  );
  await follow(connection, script);
  return 'Finished. This page can be closed.';
}

/** Does in this page what it is ordered until there is no more to do, for a device, with workers of a script. */
export async function followOrders(thisProfile: () => Promise<DeviceProfile>, script: WorkerScript): Promise<void> {
  const end = await run(thisProfile, script).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  rest();
  over.abort();
  showState(end);
}

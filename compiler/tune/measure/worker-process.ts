import { type ChildProcess, fork } from 'node:child_process';
import { type Answer, ask, type Channel, isLost, type Lost, type MeasuringWorker } from './ask.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** A process that measures. It is ended where it gives no answer. */
export class WorkerProcess implements MeasuringWorker {
  readonly #child: ChildProcess;

  /** Runs a file that serves its parent. */
  constructor(file: URL) {
    this.#child = fork(file, [`${process.pid}`], {
      // Without V8's baseline compiler, no time is that of code which is not optimized yet.
      execArgv: ['--no-liftoff'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // The end of the process, which follows, tells as much.
    this.#child.on('error', () => undefined);
  }

  async ask(message: ToWorker, patience: number, signal?: AbortSignal): Promise<Answer | Lost> {
    const answer = await ask(this.#channel(), message, patience, signal);
    if (isLost(answer)) this.end();
    return answer;
  }

  #channel(): Channel {
    const child = this.#child;
    let end: (why: string) => void = () => undefined;
    return {
      send: (message) => {
        if (!child.connected) end(whyEnded(child));
        else child.send(message, (error) => error && end(error.message));
      },
      listen: (onMessage: (message: FromWorker) => void, onEnd) => {
        end = onEnd;
        const onExit = (): void => onEnd(whyEnded(child));
        child.on('message', onMessage).on('exit', onExit);
        return () => child.off('message', onMessage).off('exit', onExit);
      },
    };
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

const whyEnded = ({ signalCode, exitCode }: ChildProcess): string =>
  `the process ended with ${signalCode ?? `code ${exitCode ?? 'unknown'}`}`;

import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import type { RoundBegun, TuneEvent } from '../../schedules/search/events.ts';
import type { Task } from '../../schedules/search/search.ts';
import type { Budget } from '../../schedules/search/tuning.ts';
import { keepHistory, type TuningHistory } from '../tune/history.ts';
import { printFailure, printRound, printState, printTasks } from './tune-tables.ts';

/** Shows tuning while it runs. */
export interface TuneView {
  readonly history: TuningHistory;
  readonly handle: (event: TuneEvent) => void;
  /** Tells what is no event of tuning, in a line that stays. */
  readonly say: (line: string) => void;
  /** Ends it; a table is taken off the terminal again. */
  readonly end: () => void;
}

/** A table that is drawn anew in its place where the stream is a terminal, and elsewhere a line for each round. */
export function tuneView(
  stream: NodeJS.WritableStream | WriteStream,
  tasks: readonly Task[],
  budget: Budget,
): TuneView {
  const keeper = keepHistory(tasks);
  const shown =
    'isTTY' in stream && stream.isTTY ? liveTable(stream, keeper.history, budget) : lines(stream, keeper.history);
  const handle = (event: TuneEvent): void => {
    keeper.take(event);
    shown.handle(event);
  };
  return { ...shown, history: keeper.history, handle };
}

type Shown = Omit<TuneView, 'history'>;

/** What fails is told of at once, a round when it is over: when anything but what came of it follows. */
function lines(stream: NodeJS.WritableStream, history: TuningHistory): Shown {
  let round: RoundBegun | undefined;
  let failed = 0;
  const tell = (): void => {
    if (round !== undefined) stream.write(`${printRound(round, failed, history)}\n`);
    round = undefined;
    failed = 0;
  };
  const handle = (event: TuneEvent): void => {
    if (event.kind === 'improved') return;
    if (event.kind === 'outcome') {
      if (event.outcome.kind === 'time') return;
      failed++;
      stream.write(`${printFailure(event.task, event.outcome)}\n`);
      return;
    }
    tell();
    if (event.kind === 'round') round = event;
  };
  return { handle, say: (line) => void stream.write(`${line}\n`), end: tell };
}

/** So often, at most, the table is drawn, and at least while Node is not busy. */
const TICK_MS = 250;

function liveTable(stream: WriteStream, history: TuningHistory, budget: Budget): Shown {
  const begun = performance.now();
  let drawn = Number.NEGATIVE_INFINITY;
  let height = 0;
  const erase = (): void => {
    moveCursor(stream, 0, -height);
    cursorTo(stream, 0);
    clearScreenDown(stream);
    height = 0;
  };
  const draw = (): void => {
    drawn = performance.now();
    // A terminal that does not say its size says 0. The last line is the cursor's.
    const [rows, columns] = [(stream.rows || 24) - 1, stream.columns || 80];
    const text = `${printState(history, budget, drawn - begun)}\n${printTasks(history, { lines: rows - 1, columns })}`;
    const shown = text.split('\n').slice(0, rows);
    stream.cork();
    erase();
    for (const line of shown) stream.write(`${line.slice(0, columns)}\n`);
    stream.uncork();
    height = shown.length;
  };
  // Between events the clock goes on; in a burst of events not each is drawn.
  const ticks = setInterval(draw, TICK_MS);
  ticks.unref();
  draw();
  const handle = (): void => {
    if (performance.now() - drawn >= TICK_MS) draw();
  };
  const say = (line: string): void => {
    erase();
    stream.write(`${line}\n`);
    draw();
  };
  const end = (): void => {
    clearInterval(ticks);
    erase();
  };
  return { handle, say, end };
}

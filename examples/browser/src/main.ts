import line from '../../ocr/line.png';
import { type Device, obstacleOf } from './devices.ts';
import { openInWorker } from './in-worker.ts';
import { drawPicture, drawText, readPlanes } from './picture.ts';
import { openSession, type Reading, type Session } from './session.ts';

/** Runs that the median is taken of, the first aside. */
const LAST = 20;

const element = <T extends Element>(selector: string, type: new () => T): T => {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
};
const radios = [...document.querySelectorAll<HTMLInputElement>('[name=device]')];
const inWorker = element('#in-worker', HTMLInputElement);
const canvas = element('#picture', HTMLCanvasElement);
const text = element('#text', HTMLInputElement);
const file = element('#file', HTMLInputElement);
const continuously = element('#continuously', HTMLInputElement);
const say = (selector: string, what: string): void => {
  element(selector, HTMLElement).textContent = what;
};

let planes: Float32Array = new Float32Array();
let session: Session | undefined;
/** Counts what was asked to be opened: what opens after something else was asked for is closed again. */
let asked = 0;
let times: readonly number[] = [];
let isWanted = false;
let isRunning = false;

async function open(): Promise<void> {
  const asking = ++asked;
  session?.close();
  session = undefined;
  show([]);
  say('#load', '');
  say('#problem', '');
  say('#result', '');
  say('#status', 'Loading …');
  const device = radios.find(({ checked }) => checked)?.value as Device;
  try {
    const opened = await (inWorker.checked ? openInWorker : openSession)(device, (progress) => {
      if (asking === asked) say('#status', `Loading … ${progress}`);
    });
    if (asking !== asked) return opened.close();
    session = opened;
    say('#load', session.loadMs.toFixed(1));
    say('#status', `Runs on ${device}: ${session.facts}.`);
    void run();
  } catch (error) {
    if (asking === asked) fail(error);
  }
}

/** Runs once, or as long as it is wanted. The page is drawn between two runs. */
async function run(): Promise<void> {
  isWanted = true;
  if (isRunning) return;
  isRunning = true;
  for (let on = session; isWanted && on !== undefined; on = session) {
    isWanted = continuously.checked;
    await runOnce(on);
    await new Promise(requestAnimationFrame);
  }
  isRunning = false;
}

async function runOnce(on: Session): Promise<void> {
  try {
    const reading = await on.run(planes);
    if (on === session) showReading(reading);
  } catch (error) {
    if (on !== session) return;
    isWanted = false;
    fail(error);
  }
}

function showReading(reading: Reading): void {
  say('#result', reading.text);
  show([...times, reading.ms]);
}

function show(now: readonly number[]): void {
  times = now;
  const [first, ...later] = times;
  const last = later.slice(-LAST).toSorted((a, b) => a - b);
  say('#first', first?.toFixed(1) ?? '');
  say('#median', last[last.length >> 1]?.toFixed(1) ?? '');
  say('#count', String(last.length));
}

function fail(error: unknown): void {
  say('#status', '');
  say('#problem', error instanceof Error ? error.message : String(error));
}

async function read(draw: () => void | Promise<void>): Promise<void> {
  try {
    await draw();
    planes = readPlanes(canvas);
    say('#problem', '');
    void run();
  } catch (error) {
    fail(error);
  }
}

async function offer(radio: HTMLInputElement): Promise<void> {
  const obstacle = await obstacleOf(radio.value as Device);
  radio.disabled = obstacle !== undefined;
  const note = radio.nextElementSibling;
  if (note !== null) note.textContent = obstacle ?? '';
}

for (const radio of radios) {
  radio.addEventListener('change', () => void open());
  void offer(radio);
}
inWorker.addEventListener('change', () => void open());
continuously.addEventListener('change', () => void run());
element('#run', HTMLButtonElement).addEventListener('click', () => void run());
text.addEventListener('input', () => void read(() => drawText(canvas, text.value)));
file.addEventListener('change', () => {
  const [picture] = file.files ?? [];
  if (picture !== undefined) void read(() => drawPicture(canvas, picture));
});

await read(async () => drawPicture(canvas, await (await fetch(line)).blob()));
await open();

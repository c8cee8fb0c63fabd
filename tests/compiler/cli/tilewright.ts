import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../compiler/cli/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What matches on standard output, as soon as it is there. Rejects where the command ends without it. */
  readonly said: (pattern: RegExp) => Promise<string>;
}

/** Starts the command: from the sources, where no other file is said. */
export function start(args: readonly string[], file = main): Started {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const [found] = pattern.exec(stdout) ?? [];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', look);
      look();
      ended.then(() => reject(new Error(`it never said ${pattern}:\n${stdout}${stderr}`)), reject);
    });
  return { child, ended, said };
}

/** Runs the command; `signal` says which signal to send it, after how many milliseconds. */
export async function tilewright(args: readonly string[], signal?: readonly [NodeJS.Signals, number]): Promise<Ended> {
  const { child, ended } = start(args);
  const timer = signal && setTimeout(() => child.kill(signal[0]), signal[1]);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

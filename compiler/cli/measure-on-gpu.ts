import { gpuBench } from '../tune/measure/gpu/gpu-bench.ts';
import { serveParent } from '../tune/measure/serve-parent.ts';
import { openNodeGpu } from './node-gpu.ts';

// A process that measures kernels of WGSL for its parent. It ends with its device: what was at work then is to blame.

const DEVICE_LOST = 3;

async function openBench(): Promise<ReturnType<typeof gpuBench>> {
  const { device } = await openNodeGpu();
  void device.lost.then(() => process.exit(DEVICE_LOST));
  return gpuBench(device);
}

serveParent(openBench());

import { openNodeWebgpu } from '../devices/node-webgpu.ts';
import { serveParent } from '../tune/measure/serve-parent.ts';
import { webgpuBench } from '../tune/measure/webgpu/webgpu-bench.ts';

// A process that measures kernels of WGSL for its parent. It ends with its device: what was at work then is to blame.

const DEVICE_LOST = 3;

async function openBench(): Promise<ReturnType<typeof webgpuBench>> {
  const { device } = await openNodeWebgpu();
  void device.lost.then(() => process.exit(DEVICE_LOST));
  return webgpuBench(device);
}

serveParent(openBench());

import type { FromWorker, ToWorker } from '../../protocol.ts';
import { openService } from '../../service.ts';
import { webgpuBench } from '../../webgpu/webgpu-bench.ts';
import { openGpu } from './gpu.ts';

// The thread of the page that measures kernels on its GPU. It fails with its device: what was at work then is to blame.

const tell = async (message: FromWorker): Promise<void> => postMessage(message);

const service = openGpu().then(
  (device) => {
    void device.lost.then(({ message }) => reportError(new Error(`the device was lost: ${message}`)));
    return openService(webgpuBench(device), tell);
  },
  (error: unknown) => () => tell({ kind: 'failed', message: String(error) }),
);

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  service.then((answer) => answer(data)).catch((error: unknown) => reportError(error));
});
// Says that it is loaded.
postMessage('ready');

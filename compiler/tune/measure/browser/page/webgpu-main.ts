import { followOrders } from './follow-orders.ts';
import { thisAdapterProfile } from './gpu.ts';

// The script of a page that measures kernels of WGSL.

await followOrders(thisAdapterProfile, 'webgpu-worker');

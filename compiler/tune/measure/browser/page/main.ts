import { followOrders } from './follow-orders.ts';
import { thisProfile } from './profile.ts';

// The script of a page that measures kernels of WebAssembly.

await followOrders(thisProfile, 'worker');

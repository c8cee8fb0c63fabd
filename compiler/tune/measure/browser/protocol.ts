import type { ToWorker } from '../protocol.ts';

// What the tuner and the page say to each other, over HTTP: the page asks for orders, and posts answers.

/** What the page is to do. A new order takes the place of the one before, whether that is done or not. */
export type Order =
  | MeasureOrder
  /** Ends the worker. */
  | { readonly kind: 'rest' }
  /** No more orders follow. */
  | { readonly kind: 'finish' };

export interface MeasureOrder {
  readonly kind: 'measure';
  /** Another number than before is another worker. */
  readonly worker: number;
  readonly message: ToWorker;
  /** Milliseconds without a sign of life after which the worker is given up. */
  readonly patience: number;
  readonly shown: Shown;
}

/** What a person reads on the page. */
export interface Shown {
  readonly task: string;
  /** Candidates so far, and those of them that failed. */
  readonly measured: number;
  readonly failed: number;
}

/** Orders are counted, so that one whose transport failed is not missed, and none is done twice. */
export interface NumberedOrder {
  readonly number: number;
  readonly order: Order;
}

/** So long, in milliseconds, a request for orders is kept open where there are none. */
export const POLL_MS = 20_000;

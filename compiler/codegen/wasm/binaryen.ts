import type binaryen from 'binaryen';

export type Binaryen = typeof binaryen;
export type Module = binaryen.Module;
/** An expression that binaryen holds. Each stands at one place of one function: build it anew for a second use. */
export type Ref = binaryen.ExpressionRef;

let loaded: Promise<Binaryen> | undefined;

/** 15 MB of JavaScript, 350 ms: loaded where the first module is emitted, and only there. */
export function loadBinaryen(): Promise<Binaryen> {
  loaded ??= import('binaryen').then((module) => module.default);
  return loaded;
}

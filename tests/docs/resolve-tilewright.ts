// `node --import` this: the package's names lead to the sources of the checkout, as if they were installed.

import { registerHooks } from 'node:module';

const entries: Readonly<Record<string, URL>> = {
  tilewright: new URL('../../compiler/index.ts', import.meta.url),
  'tilewright/runtime': new URL('../../runtime/index.ts', import.meta.url),
  'tilewright/runtime/choose': new URL('../../runtime/choose/index.ts', import.meta.url),
};

registerHooks({
  resolve: (specifier, context, next) => next(entries[specifier]?.href ?? specifier, context),
});

import fc from 'fast-check';

/**
 * Properties run on the same cases each time, so that a red suite says something about the change. TILEWRIGHT_SEED
 * gives other cases, TILEWRIGHT_RUNS more of them.
 */
fc.configureGlobal({ seed: Number(process.env['TILEWRIGHT_SEED'] ?? 20261124) });

// The end of `.ci/run`: node scripts/summary.mjs VITEST-REPORT.json CHECK-EXIT-CODE TEST-EXIT-CODE
// The checks count as one test. A file of tests that did not load is one failure, and so is a run that left no
// report or failed although no test did (an error outside of any test).

import { readFileSync } from 'node:fs';

const [report = '', check, tests] = process.argv.slice(2);
const { passed, failed, skipped } = readReport(report);

const checkFailed = check === '0' ? 0 : 1;
const runFailed = tests !== '0' && failed === 0 ? 1 : 0;
const allFailed = failed + checkFailed + runFailed;

if (skipped > 0) console.log(`${skipped} skipped`);
if (checkFailed > 0) console.log('npm run check failed');
if (runFailed > 0) console.log('npm test failed outside of any test');
console.log(`${passed + 1 - checkFailed} passed, ${allFailed} failed`);
process.exitCode = allFailed === 0 ? 0 : 1;

function readReport(path) {
  try {
    const json = JSON.parse(readFileSync(path, 'utf8'));
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests + json.testResults.filter(didNotLoad).length,
      skipped: json.numPendingTests + json.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

function didNotLoad({ status, assertionResults }) {
  return status === 'failed' && assertionResults.length === 0;
}

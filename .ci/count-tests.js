// Adds up the JSON reports of a test run and prints the closing line: "N passed, N failed, N skipped".
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [directory] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(directory)) {
  const report = JSON.parse(readFileSync(join(directory, name), "utf8"));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);

/** The LevelDB journal under kill -9: whatever was acknowledged before is there after, in order and whole. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { toSequence, type GroupName } from "@waystation/contracts/ids";
import { createRandom } from "@waystation/contracts/random";
import { openLevelJournal } from "@waystation/journal/level-journal";
import { afterAll, beforeAll, expect, it } from "vitest";

const writerPath = fileURLToPath(new URL("journal-crash-writer.js", import.meta.url));
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "waystation-journal-crash-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs the writer until it has acknowledged `acknowledgements` commits, and kills it amid the next ones. */
async function writeUntilKilled(seed: number, acknowledgements: number): Promise<number> {
  const child = spawn(process.execPath, [writerPath, directory, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let [count, last] = [0, 0];
  for await (const line of createInterface({ input: child.stdout })) {
    last = Math.max(last, Number(line));
    if (++count === acknowledgements) child.kill("SIGKILL");
  }
  await exited;
  expect(count).toBeGreaterThanOrEqual(acknowledgements);
  return last;
}

it("DESIGN 3: after kill -9 at random moments, a journal holds all that it acknowledged", async () => {
  const random = createRandom(42);
  for (let round = 1; round <= 12; round++) {
    const acknowledged = await writeUntilKilled(round, 1 + random.below(200));
    const journal = await openLevelJournal({ group: "g1" as GroupName, directory });
    expect(journal.last()).toBeGreaterThanOrEqual(acknowledged);
    expect(journal.marks().get("last"), "marks and records of a commit stay together").toBe(journal.last());
    let next: number = journal.first();
    while (next <= journal.last()) {
      const { records } = await journal.read({ from: toSequence(next), through: journal.last(), maxBytes: 2 ** 22 });
      for (const { sequence, payload } of records) {
        expect(sequence).toBe(next);
        expect(payload.every((byte) => byte === sequence % 251)).toBe(true);
        next += 1;
      }
    }
    await journal.close();
  }
});

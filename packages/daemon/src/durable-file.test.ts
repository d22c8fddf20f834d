/** Which folders were synced, and what had been made in them by then: a journaling file system would hide a missing sync. */
import type * as fsPromises from "node:fs/promises";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeFolderDurably, writeFileDurably } from "./durable-file.js";

const { steps } = vi.hoisted(() => ({ steps: [] as string[] }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof fsPromises>();
  return {
    ...original,
    async open(path: string, flags: string) {
      const file = await original.open(path, flags);
      const [sync, datasync] = [file.sync.bind(file), file.datasync.bind(file)];
      return Object.assign(file, {
        async sync() {
          await sync();
          steps.push(`sync ${path}`);
        },
        async datasync() {
          await datasync();
          steps.push(`sync ${path}`);
        },
      });
    },
    async rename(from: string, to: string) {
      await original.rename(from, to);
      steps.push(`name ${to}`);
    },
  };
});

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "waystation-durable-"));
  steps.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("durable files and folders", () => {
  it("a file is named only when its content is durable, and its name is made durable after that", async () => {
    const path = join(folder, "node.json");
    await writeFileDurably(path, "content");
    expect(await readFile(path, "utf8")).toBe("content");
    expect(steps).toEqual([`sync ${path}.new`, `name ${path}`, `sync ${folder}`]);
  });

  it("every folder that is made is synced into the one that holds it", async () => {
    await makeFolderDurably(join(folder, "journals", "g1"));
    expect(steps).toEqual([`sync ${join(folder, "journals")}`, `sync ${folder}`]);
  });

  it("a folder that a killed start has left is synced into the one that holds it all the same", async () => {
    await mkdir(join(folder, "g1"));
    await makeFolderDurably(join(folder, "g1"));
    expect(steps).toEqual([`sync ${folder}`]);
  });
});

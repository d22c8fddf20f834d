import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { CopyOrder } from "@waystation/replication/messages";
import type { NodeStatus, TakeoverProgress } from "@waystation/replication/status";
import type { Attestation, GroupCommand } from "@waystation/replication/control-front";
import { fromProtoAttestation } from "./attestation-messages.js";
import { toProtoCause, toProtoCommand } from "./command-messages.js";
import { controlServiceDefinition as control } from "./proto.js";
import { fromProtoProgress, fromProtoStatus } from "./status-messages.js";
import { cleanUp, startTestServer, testControl, testStatus } from "./testing.js";

afterEach(cleanUp);

const timeoutMs = 5_000;
const failsWith = (code: string) => expect.objectContaining({ code }) as unknown;

describe("the control service", () => {
  const stages = { shipped: 9, received: 8, prepared: 7, validated: 6, applied: 5, lagWrites: 5, lagSeconds: 0.25 };
  const order: CopyOrder = {
    copyId: "c",
    base: 4 as never,
    begin: 5 as never,
    nodes: ["s" as never],
    end: 0 as never,
  };
  const full: NodeStatus = testStatus({
    arrays: [{ name: "a", level: "raid5", state: "degraded", usableBytes: 2 ** 40, problems: ["disk 3 is missing"] }],
    volumes: [
      { name: "vol-a" as never, sizeBytes: 4096, group: "g1" as never, role: "secondary", access: "read-only" },
      { name: "vol-b" as never, sizeBytes: 4096, group: "g1" as never, role: "primary", access: "closed" },
    ],
    groups: [
      {
        group: "g1" as never,
        role: "relay",
        epoch: { number: 3, takeoverId: "t-1" },
        phase: "open",
        detail: "",
        relay: {
          protected: true,
          protectedDetail: "",
          stamped: 10 as never,
          prepared: 7 as never,
          valid: 7 as never,
          gate: 6 as never,
          trimmed: 2 as never,
          journalUsedBytes: 100,
          journalCapacityBytes: 1000,
          primaries: [{ node: "p" as never, connected: true, leased: false }],
          pair: "COPY",
          copy: order,
          secondaries: [{ node: "s" as never, connected: true, pair: "PFUL", ...(stages as never as object) } as never],
        },
        primary: {
          ...{ relayConnected: true, leaseRemainingMs: 1234.5, writesInFlight: 2, writesHeld: 1 },
          ...{ leg: "copying", pair: "COPY", paused: true, loggedBytes: 2 ** 41 },
          copy: {
            ...{ copyId: "c", totalBytes: 2 ** 40, doneBytes: 4096, sentBytes: 0 },
            ...{ bytesPerSecond: 2.5, detail: "the array failed" },
          },
        },
        term: { epoch: { number: 3, takeoverId: "t-1" }, cause: "swap", relay: "relay" as never },
        branches: [{ volume: "vol-a" as never, name: "branch-3" }],
        secondary: {
          relayConnected: false,
          pair: "PSUS",
          copy: { ...order, end: null, blank: true },
          preImagesUsedBytes: 7,
          preImagesCapacityBytes: 8,
          received: 8 as never,
          validated: 6 as never,
          gate: 6 as never,
          applied: 5 as never,
          journalUsedBytes: 1,
          journalCapacityBytes: 2,
        },
      },
      {
        group: "g2" as never,
        role: "secondary",
        epoch: { number: 1, takeoverId: "initial" },
        phase: "closed",
        detail: "no relay",
        relay: null,
        primary: null,
        secondary: null,
        term: null,
        branches: [],
      },
    ],
  });

  it("F1: brings a status across as it is", async () => {
    const { connection } = await startTestServer({ control: testControl(() => full) });
    const answer = await connection.unary(control.GetStatus, {}, timeoutMs);
    expect(fromProtoStatus(answer.status)).toEqual(full);
  });

  it("streams the steps of a takeover and its result, also to a slow reader", async () => {
    const step = { phase: "drain", message: "x".repeat(10_000), elapsedMs: 1.5, result: null };
    const last: TakeoverProgress = {
      ...step,
      result: {
        outcome: "refused",
        code: "NEEDS_FORCE",
        message: "add --force",
        epoch: { number: 2, takeoverId: "t" },
        sequence: 12 as never,
        lost: "known",
        lostDetail: "from 13",
        participants: ["s1" as never],
        absent: ["s2" as never],
        risks: ["two writers"],
      },
    };
    const requests: unknown[] = [];
    async function* takeover(request: unknown): AsyncIterable<TakeoverProgress> {
      requests.push(request);
      for (let count = 0; count < 500; count += 1) yield step;
      yield last;
    }
    const { connection } = await startTestServer({ control: testControl(testStatus, { takeover }) });
    const request = { group: "g1", force: true, without: ["s2"], dryRun: true };
    const steps: TakeoverProgress[] = [];
    for await (const answer of connection.serverStream(control.Takeover, request, timeoutMs)) {
      steps.push(fromProtoProgress(answer));
    }
    expect(requests).toEqual([request]);
    expect(steps).toHaveLength(501);
    expect(steps[0]).toEqual(step);
    expect(steps[500]).toEqual(last);
  });

  it("B12: streams the steps of a change of term, with its cause", async () => {
    const requests: unknown[] = [];
    async function* changeTerm(request: unknown): AsyncIterable<TakeoverProgress> {
      requests.push(request);
      yield await Promise.resolve({ phase: "pause", message: "", elapsedMs: 1, result: null });
    }
    const { connection } = await startTestServer({ control: testControl(testStatus, { changeTerm }) });
    const request = { group: "g1", cause: toProtoCause("swap"), force: false, dryRun: true };
    for await (const answer of connection.serverStream(control.ChangeTerm, request, timeoutMs)) {
      expect(fromProtoProgress(answer).phase).toBe("pause");
    }
    expect(requests).toEqual([{ group: "g1", cause: "swap", force: false, dryRun: true }]);
    const unknown = connection.serverStream(control.ChangeTerm, { group: "g1" }, timeoutMs);
    await expect(unknown[Symbol.asyncIterator]().next()).rejects.toEqual(failsWith("REQUEST_INVALID"));
  });

  it("B8: brings a command to the role, and its refusal back", async () => {
    const commands: unknown[] = [];
    const command = (group: string, given: GroupCommand) => {
      commands.push([group, given]);
      return given.kind === "suspend" ? Promise.reject(new Failure("NOT_A_SECONDARY", "no")) : Promise.resolve();
    };
    const { connection } = await startTestServer({ control: testControl(testStatus, { command }) });
    const ask = (given: GroupCommand) => connection.unary(control.Command, toProtoCommand("g1", given), timeoutMs);
    await ask({ kind: "resync", full: true });
    await ask({ kind: "drop-branch", branch: "branch-2" });
    await expect(ask({ kind: "suspend" })).rejects.toEqual(failsWith("NOT_A_SECONDARY"));
    expect(commands).toEqual([
      ["g1", { kind: "resync", full: true }],
      ["g1", { kind: "drop-branch", branch: "branch-2" }],
      ["g1", { kind: "suspend" }],
    ]);
    const nothing = connection.unary(control.Command, { group: "g1" }, timeoutMs);
    await expect(nothing).rejects.toEqual(failsWith("REQUEST_INVALID"));
  });

  it("has the node read its configuration again, and tells what is new", async () => {
    const reload = () => Promise.resolve(["volume vol-c"]);
    const { connection } = await startTestServer({ control: testControl(testStatus, { reload }) });
    expect(await connection.unary(control.Reload, {}, timeoutMs)).toEqual({ changes: ["volume vol-c"] });
  });

  it("passes on the code of a takeover that is refused at once", async () => {
    const refuse = () => {
      throw new Failure("NOT_A_SECONDARY", "ask a secondary");
    };
    const { connection } = await startTestServer({ control: testControl(testStatus, { takeover: refuse }) });
    const steps = connection.serverStream(control.Takeover, { group: "g1" }, timeoutMs);
    await expect(steps[Symbol.asyncIterator]().next()).rejects.toEqual(failsWith("NOT_A_SECONDARY"));
  });

  it("E4: attests a point of this node, the last one or one that was asked for", async () => {
    const asked: (number | null)[] = [];
    const attest = (group: string, sequence: number | null): Attestation => {
      if (group !== "g1") throw new Failure("UNKNOWN_GROUP", `no group ${group} here`);
      asked.push(sequence);
      const point = sequence === null ? { sequence: 9 as never, root: "ab".repeat(32) } : null;
      return { node: "s" as never, role: "secondary", point, oldest: 3 as never, detail: "well" };
    };
    const { connection } = await startTestServer({ control: testControl(testStatus, { attest }) });
    const ask = async (request: object) =>
      fromProtoAttestation(await connection.unary(control.AttestGroup, request, timeoutMs));
    expect(await ask({ group: "g1" })).toEqual(attest("g1", null));
    expect(await ask({ group: "g1", sequence: 5 })).toEqual(attest("g1", 5));
    expect(asked).toEqual([null, null, 5, 5]);
    await expect(ask({ group: "g9" })).rejects.toEqual(failsWith("UNKNOWN_GROUP"));
  });
});

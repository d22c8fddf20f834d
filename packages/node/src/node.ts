/**
 * A running node: every role it has in every group, over the ports it is given. The daemons and the simulator run this
 * same code.
 */
import type { BlockFront } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { GroupName } from "@waystation/contracts/ids";
import type { LinkEvents } from "@waystation/contracts/link";
import type { ControlFront } from "@waystation/replication/control-front";
import type { Access } from "@waystation/replication/effects";
import { secondariesOf, type Membership } from "@waystation/replication/membership";
import type { PeerMessage } from "@waystation/replication/messages";
import type { TakeoverProgress } from "@waystation/replication/status";
import { createGroupRunner, type GroupRunner } from "./group-runner.js";
import type { NodeIdentity, NodePorts } from "./ports.js";
import { createVolumeFront, type FrontVolumeOptions, type VolumeFront } from "./volume-front.js";

const tickIntervalMs = 25;

export interface Node {
  readonly blocks: BlockFront;
  readonly control: ControlFront;
  /**
   * Stops taking requests (handles are revoked, requests in flight fail with SHUTTING_DOWN) and closes all links.
   * Without it a node may be dropped at any instant, as a crash does: all that matters is durable.
   */
  stop(): void;
}

export function createNode(identity: NodeIdentity, ports: NodePorts): Node {
  const startedWallMs = ports.clock.wallMs();
  const front: { volumes: VolumeFront | null } = { volumes: null };
  const runners = new Map<GroupName, GroupRunner>(
    identity.memberships.map((membership) => [
      membership.group,
      createGroupRunner({
        identity,
        membership,
        ports,
        journal: journalOf(ports, membership),
        onAccess: (volume, access: Access, reason) => front.volumes?.setAccess(volume, access, reason),
      }),
    ]),
  );
  const volumes = createVolumeFront([...runners.values()].flatMap((runner) => volumesOf(identity, runner)));
  front.volumes = volumes;

  ports.transport.accept((link) => {
    const runner = runners.get(link.address.group);
    if (runner !== undefined) return runner.accept(link);
    link.close();
    const ignored: LinkEvents<PeerMessage> = { onMessage() {}, onClose() {} };
    return ignored;
  });
  const runnerOf = (group: string): GroupRunner => {
    const runner = [...runners.values()].find((candidate) => candidate.membership.group === group);
    if (runner === undefined) throw new Failure("UNKNOWN_GROUP", `no group ${group} on ${identity.name}`);
    return runner;
  };
  for (const runner of runners.values()) runner.start();
  let cancelTick = (): void => {};
  const tick = (): void => {
    for (const runner of runners.values()) runner.tick();
    cancelTick = ports.clock.setTimer(tickIntervalMs, tick);
  };
  tick();

  return {
    blocks: volumes,
    control: {
      status: () => ({
        node: identity.name,
        site: identity.site,
        version: identity.version,
        startedWallMs,
        arrays: ports.arrays(),
        volumes: volumes.status(),
        groups: [...runners.values()].map((runner) => runner.status()),
      }),
      takeover(command) {
        const { group } = command;
        const runner = runnerOf(group);
        if (!secondariesOf(runner.membership).includes(identity.name))
          throw new Failure("NOT_A_SECONDARY", `${identity.name} is not a secondary of ${group}: ask one of them`);
        return progressOf((onProgress) => runner.takeover(command, onProgress));
      },
      changeTerm(command) {
        const runner = runnerOf(command.group);
        return progressOf((onProgress) => runner.changeTerm(command, onProgress));
      },
      async command(group, command) {
        await runnerOf(group).command(command);
      },
      attest: (group, sequence) => runnerOf(group).attest(sequence),
    },
    stop() {
      cancelTick();
      for (const runner of runners.values()) runner.stop();
    },
  };
}

function journalOf(ports: NodePorts, { group }: Membership) {
  const journal = ports.journals.get(group);
  if (journal === undefined) throw new Failure("JOURNAL_FAILED", `no journal was opened for ${group}`);
  return journal;
}

function volumesOf(identity: NodeIdentity, runner: GroupRunner): FrontVolumeOptions[] {
  return runner.membership.volumes.flatMap(({ name, sizeBytes, primary, secondaries }): FrontVolumeOptions[] => {
    if (primary === identity.name) return [{ name, sizeBytes, role: "primary", runner }];
    return secondaries.includes(identity.name) ? [{ name, sizeBytes, role: "secondary", runner }] : [];
  });
}

/** A takeover's steps as they come; it goes on whether or not anybody reads them. */
async function* progressOf(
  begin: (onProgress: (progress: TakeoverProgress) => void) => void,
): AsyncGenerator<TakeoverProgress> {
  const queue: TakeoverProgress[] = [];
  let wake = (): void => {};
  begin((progress) => {
    queue.push(progress);
    wake();
  });
  for (;;) {
    const next = queue.shift();
    if (next === undefined) {
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    yield next;
    if (next.result !== null) return;
  }
}

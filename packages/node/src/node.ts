/**
 * A running node: every role it has in every group, over the ports it is given. The daemons and the simulator run this
 * same code.
 */
import type { BlockFront } from "@waystation/contracts/block-front";
import { Failure } from "@waystation/contracts/errors";
import type { GroupName, VolumeName } from "@waystation/contracts/ids";
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
   * The configuration was read again, and what is new in it for this node is in the ports by now. Roles change only when a
   * change of term is asked for.
   */
  configure(memberships: readonly Membership[]): void;
  /** Whether a group, under the term that it follows here, has the volume. */
  isReplicated(volume: VolumeName): boolean;
  /**
   * Stops taking requests (handles are revoked, requests in flight fail with SHUTTING_DOWN) and closes all links.
   * Without it a node may be dropped at any instant, as a crash does: all that matters is durable.
   */
  stop(): void;
}

export function createNode(identity: NodeIdentity, ports: NodePorts): Node {
  const startedWallMs = ports.clock.wallMs();
  const front: { volumes: VolumeFront | null } = { volumes: null };
  const runnerFor = (membership: Membership): GroupRunner =>
    createGroupRunner({
      identity,
      membership,
      ports,
      journal: journalOf(ports, membership),
      onAccess: (volume, access: Access, reason) => front.volumes?.setAccess(volume, access, reason),
    });
  const runners = new Map<GroupName, GroupRunner>(
    identity.memberships.map((membership) => [membership.group, runnerFor(membership)]),
  );
  const volumes = createVolumeFront(
    identity.name,
    [...runners.values()].flatMap((runner) => volumesOf(identity, runner.membership(), runner)),
  );
  front.volumes = volumes;

  ports.transport.accept((link) => {
    const runner = runners.get(link.address.group);
    if (runner !== undefined) return runner.accept(link);
    link.close();
    const ignored: LinkEvents<PeerMessage> = { onMessage() {}, onClose() {} };
    return ignored;
  });
  const runnerOf = (group: string): GroupRunner => {
    const runner = runners.get(group as GroupName);
    if (runner === undefined) throw new Failure("UNKNOWN_GROUP", `no group ${group} on ${identity.name}`);
    return runner;
  };
  const isReplicated = (name: VolumeName): boolean =>
    [...runners.values()].some((runner) => runner.membership().volumes.some((volume) => volume.name === name));
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
        if (!secondariesOf(runner.membership()).includes(identity.name))
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
    configure(memberships) {
      for (const membership of memberships) {
        const known = runners.get(membership.group);
        const runner = known ?? runnerFor(membership);
        for (const volume of volumesOf(identity, membership, runner)) volumes.add(volume);
        runners.set(membership.group, runner);
        if (known === undefined) runner.start();
        else known.configure(membership);
      }
      // What no configuration and no term has any more, its hosts may have back.
      const isHere = (name: VolumeName): boolean =>
        isReplicated(name) || memberships.some((membership) => membership.volumes.some((v) => v.name === name));
      for (const { name } of volumes.status()) if (!isHere(name)) volumes.remove(name, "it has left its group");
    },
    isReplicated,
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

/** The group's volumes that are kept here. */
function volumesOf({ name: node }: NodeIdentity, { volumes }: Membership, runner: GroupRunner): FrontVolumeOptions[] {
  return volumes
    .filter(({ primary, secondaries }) => primary === node || secondaries.includes(node))
    .map(({ name, sizeBytes }) => ({ name, sizeBytes, runner }));
}

/** A takeover's steps as they come; it goes on whether or not anybody reads them. Throws what ends its node before it. */
async function* progressOf(
  begin: (onProgress: (step: TakeoverProgress | Failure) => void) => void,
): AsyncGenerator<TakeoverProgress> {
  const queue: (TakeoverProgress | Failure)[] = [];
  let wake = (): void => {};
  begin((step) => {
    queue.push(step);
    wake();
  });
  for (;;) {
    const next = queue.shift();
    if (next === undefined) {
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    if (next instanceof Failure) throw next;
    yield next;
    if (next.result !== null) return;
  }
}

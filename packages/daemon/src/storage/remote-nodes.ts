/** The other nodes of the cluster, as places for S-VOLs of pairs of this one (SPEC A8), over gRPC. */
import { Failure } from "@waystation/contracts/errors";
import type { NodeName } from "@waystation/contracts/ids";
import type { LoanTerms } from "@waystation/contracts/storage-front";
import { connectBlock, type BlockClient } from "@waystation/client/block-client";
import { openRemoteVolume } from "@waystation/client/remote-volume";
import { connectStorage, type StorageClient } from "@waystation/client/storage-client";
import type { Cluster } from "@waystation/config/cluster";
import { formatHostPort } from "@waystation/rpc/server";
import type { RemoteSecondaries, RemoteVolume } from "@waystation/volumes/pairs/remote-secondary";

export interface RemoteNodes extends RemoteSecondaries {
  close(): void;
}

interface Peer {
  readonly storage: StorageClient;
  readonly blocks: BlockClient;
}

export function createRemoteNodes(cluster: Cluster, self: NodeName): RemoteNodes {
  const peers = new Map<string, Peer>();
  /** Connects on the first call, and again by itself. Throws `VOLUME_NOT_FOUND` for a node that is none. */
  const peerOf = (node: string): Peer => {
    const known = peers.get(node);
    if (known !== undefined) return known;
    const config = cluster.nodes.find(({ name }) => name === node && name !== self);
    if (config === undefined) {
      const others = cluster.nodes.flatMap(({ name }) => (name === self ? [] : [name])).join(", ") || "none";
      throw new Failure(
        "VOLUME_NOT_FOUND",
        `no other node ${JSON.stringify(node)} in the cluster; there are: ${others}`,
      );
    }
    const address = formatHostPort(config.grpc.connect);
    const peer = { storage: connectStorage(address), blocks: connectBlock(address) };
    peers.set(node, peer);
    return peer;
  };
  const lend = async ({ node, volume, pairId, primary }: RemoteVolume, isNew: boolean): Promise<LoanTerms> =>
    peerOf(node).storage.lendVolume({ volume, pairId, primary, primaryNode: self, isNew });

  return {
    borrow: (remote) => lend(remote, true),
    giveBack: async ({ node, volume, pairId }) => peerOf(node).storage.returnVolume({ volume, pairId }),
    openToHosts: async ({ node, volume, pairId }, split) =>
      peerOf(node).storage.openLentVolume({ volume, pairId }, split),
    closeToHosts: async ({ node, volume, pairId }) => peerOf(node).storage.closeLentVolume({ volume, pairId }),
    open: (remote, sizeBytes) =>
      openRemoteVolume({ blocks: peerOf(remote.node).blocks, attach: () => lend(remote, false), sizeBytes }),
    close() {
      for (const { storage, blocks } of peers.values()) {
        storage.close();
        blocks.close();
      }
    },
  };
}

/**
 * Open volumes, shared by the unary calls of all clients: a call must not pay for an open. A handle that is revoked
 * (takeover, fencing) is forgotten; the next call opens the volume again, with its new access (PROTOCOL 6.2).
 */
import type { BlockFront, VolumeHandle } from "@waystation/contracts/block-front";

export interface VolumeHandles {
  /** Rejects as `BlockFront.open` does. */
  use(volume: string): Promise<VolumeHandle>;
  close(): void;
}

export function createVolumeHandles(front: BlockFront): VolumeHandles {
  const opening = new Map<string, Promise<VolumeHandle>>();
  const open = new Map<string, VolumeHandle>();

  async function openVolume(volume: string): Promise<VolumeHandle> {
    const forget = () => {
      opening.delete(volume);
      open.delete(volume);
    };
    try {
      const handle = await front.open(volume, forget);
      // Revoked while it was being opened: its calls will fail with the reason.
      if (opening.has(volume)) open.set(volume, handle);
      return handle;
    } catch (error) {
      forget();
      throw error;
    }
  }

  return {
    use(volume) {
      let handle = opening.get(volume);
      if (handle === undefined) {
        handle = openVolume(volume);
        opening.set(volume, handle);
      }
      return handle;
    },
    close() {
      for (const handle of open.values()) handle.close();
      open.clear();
      opening.clear();
    },
  };
}

/** Volumes between the block port and the wire, both ways, and the checks that every block request needs. */
import type { VolumeAccess, VolumeDescription } from "@waystation/contracts/block-front";
import type { VolumeName } from "@waystation/contracts/ids";
import { rpcFailure } from "./errors.js";
import type { Volume, Volume__Output } from "./generated/waystation/v1/Volume.js";

const accessNames = {
  "read-write": "VOLUME_ACCESS_READ_WRITE",
  "read-only": "VOLUME_ACCESS_READ_ONLY",
} as const satisfies Record<VolumeAccess, Volume["access"]>;

export function toProtoVolume({ name, sizeBytes, access, description }: VolumeDescription): Volume {
  return { name, sizeBytes, access: accessNames[access], description };
}

/** For clients. An access that this version does not know counts as read-only. */
export function fromProtoVolume(volume: Volume__Output | null): VolumeDescription {
  if (volume === null) throw rpcFailure("RPC_INTERNAL", "an answer without its volume");
  const { name, sizeBytes, access, description } = volume;
  const known = access === accessNames["read-write"] ? "read-write" : "read-only";
  return { name: name as VolumeName, sizeBytes, access: known, description };
}

/** Throws unless both are exact: 64-bit numbers of the wire lose their last bits above 2^53. */
export function checkRange(offsetBytes: number, lengthBytes: number): void {
  if (!Number.isSafeInteger(offsetBytes) || !Number.isSafeInteger(lengthBytes)) {
    throw rpcFailure("REQUEST_INVALID", "offsets and lengths must be below 2^53");
  }
}

/**
 * A volume as its hosts have it, whatever pairs come and go: each request goes to the family that the volume belongs to
 * when it is granted its range.
 */
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { within, type ByteRange } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import type { Loan } from "../core/pair-record.js";
import { batchWrite, type Family, type HostWrite } from "./family.js";
import type { Mirror } from "./mirror.js";

/** Where a volume stands: by itself or as a primary, or as the secondary of a pair. */
export interface Role {
  readonly family: Family;
  readonly side: Mirror | "primary";
  /** The pair of another node that has the volume as its secondary; its hosts here are refused. */
  readonly loan: Loan | null;
}

export interface VolumeFrontOptions {
  readonly name: string;
  readonly sizeBytes: number;
  readonly role: () => Role;
  readonly onClose: () => Promise<void>;
}

export function createVolumeFront({ name, sizeBytes, role, onClose }: VolumeFrontOptions): DurableBlockStore {
  let isOpen = true;
  const check = (range: ByteRange): void => {
    if (!isOpen) throw new Failure("VOLUME_NOT_OPEN", `Volume ${name} has been closed.`);
    if (within(range, sizeBytes)) return;
    const text = `${range.lengthBytes} bytes at ${range.offsetBytes} leave volume ${name} of ${sizeBytes} bytes.`;
    throw new Failure("OUT_OF_RANGE", text);
  };
  const submit = async (write: HostWrite): Promise<void> => {
    for (const range of write.ranges) check(range);
    for (;;) {
      const began = role();
      refuseIfLent(began, "READ_ONLY");
      if (await began.family.write(began.side, write, () => role() === began)) return;
    }
  };
  return {
    sizeBytes,
    async read(offsetBytes, lengthBytes) {
      check({ offsetBytes, lengthBytes });
      for (;;) {
        const began = role();
        refuseIfLent(began, "VOLUME_NOT_OPEN");
        const bytes = await began.family.read(began.side, { offsetBytes, lengthBytes }, () => role() === began);
        if (bytes !== null) return bytes;
      }
    },
    readNow(offsetBytes, into) {
      if (!isOpen || !within({ offsetBytes, lengthBytes: into.length }, sizeBytes)) return false;
      const { family, side, loan } = role();
      return (loan === null || loan.recording?.isOpen === true) && family.readNow(side, offsetBytes, into);
    },
    write: (offsetBytes, data) =>
      submit({
        ranges: [{ offsetBytes, lengthBytes: data.length }],
        apply: (store) => store.write(offsetBytes, data),
      }),
    zero: (offsetBytes, lengthBytes) =>
      submit({ ranges: [{ offsetBytes, lengthBytes }], apply: (store) => store.zero(offsetBytes, lengthBytes) }),
    writeBatch: (writes: readonly BlockWrite[]) => submit(batchWrite(writes)),
    async flush() {
      check({ offsetBytes: 0, lengthBytes: 0 });
      const now = role();
      refuseIfLent(now, "VOLUME_NOT_OPEN");
      await now.family.flush(now.side);
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await onClose();
    },
  };
}

function refuseIfLent({ loan }: Role, code: "READ_ONLY" | "VOLUME_NOT_OPEN"): void {
  if (loan === null || loan.recording?.isOpen === true) return;
  const { volume, primary, primaryNode } = loan;
  const text =
    `Volume ${volume} is the secondary of pair ${primary}/${volume} of node ${primaryNode}, which alone uses it; ` +
    `first wayctl pair split ${primary} ${volume}.`;
  throw new Failure(code, text);
}

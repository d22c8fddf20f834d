/**
 * A fixed area of memory in which parity is formed: disks read straight into it and write straight out of it, so that
 * the kernel works where the data already is. The size never changes: growing would detach every view handed out.
 */
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { raidFailure } from "../errors.js";

export interface ParityArena {
  /** All of the memory. Slices of it stay valid for the arena's life. */
  readonly bytes: Buffer;
  /** bytes[target..] ^= bytes[source..], for `lengthBytes`. The ranges must not overlap. */
  xor(targetBytes: number, sourceBytes: number, lengthBytes: number): void;
}

/** The part of the WebAssembly interface that is used here; the project's type libraries have none of it. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (binary: Uint8Array) => KernelModule;
  readonly Instance: new (module: KernelModule, imports: object) => { readonly exports: Record<string, unknown> };
};
type KernelModule = object;

const pageBytes = 64 * 1024;
let compiled: KernelModule | null = null;

/** An arena with the WASM SIMD kernel. Throws `PARITY_KERNEL_MISSING` rather than fall back to something slower. */
export function createParityArena(sizeBytes: number): ParityArena {
  const pages = Math.ceil(sizeBytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(loadKernel(), { env: { memory } });
  const kernel = instance.exports["xor"] as (target: number, source: number, lengthBytes: number) => void;
  const bytes = Buffer.from(memory.buffer);
  return {
    bytes,
    xor(targetBytes, sourceBytes, lengthBytes) {
      checkRanges(bytes.length, targetBytes, sourceBytes, lengthBytes);
      kernel(targetBytes, sourceBytes, lengthBytes);
    },
  };
}

/** The same in plain JavaScript: the kernel's twin, which the tests compare it with. */
export function createJavaScriptArena(sizeBytes: number): ParityArena {
  const memory = new ArrayBuffer(Math.ceil(sizeBytes / pageBytes) * pageBytes);
  const words = new Uint32Array(memory);
  const bytes = Buffer.from(memory);
  return {
    bytes,
    xor(targetBytes, sourceBytes, lengthBytes) {
      checkRanges(bytes.length, targetBytes, sourceBytes, lengthBytes);
      let done = 0;
      if ((targetBytes | sourceBytes) % 4 === 0) {
        const [target, source, count] = [targetBytes / 4, sourceBytes / 4, Math.floor(lengthBytes / 4)];
        for (let i = 0; i < count; i++)
          words[target + i] = (words[target + i] as number) ^ (words[source + i] as number);
        done = count * 4;
      }
      for (; done < lengthBytes; done++) {
        bytes[targetBytes + done] = (bytes[targetBytes + done] as number) ^ (bytes[sourceBytes + done] as number);
      }
    },
  };
}

/** WASM would trap only at the end of its memory; a range beyond what the caller meant is a bug either way. */
function checkRanges(sizeBytes: number, target: number, source: number, lengthBytes: number): void {
  assert(lengthBytes >= 0 && target >= 0 && source >= 0, "negative range in the parity arena");
  assert(target + lengthBytes <= sizeBytes && source + lengthBytes <= sizeBytes, "range beyond the parity arena");
}

function loadKernel(): KernelModule {
  if (compiled !== null) return compiled;
  const file = new URL("../../wasm/xor.wasm", import.meta.url);
  let binary: Buffer;
  try {
    binary = readFileSync(file);
  } catch (cause) {
    throw raidFailure("PARITY_KERNEL_MISSING", `${file.pathname} cannot be read: run "npm run build:parity" first.`, {
      cause,
    });
  }
  compiled = new WebAssembly.Module(binary);
  return compiled;
}

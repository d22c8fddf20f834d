/**
 * A fixed area of memory in which parity is formed: disks read straight into it and write straight out of it, so that
 * the kernel works where the data already is. The size never changes: growing would detach every view handed out.
 * Addresses are offsets in it.
 */
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { raidFailure } from "../errors.js";
import { multiply } from "./galois-field.js";

export interface ParityArena {
  /** All of the memory. Slices of it stay valid for the arena's life. */
  readonly bytes: Buffer;
  /** bytes[target..] ^= bytes[source..], for `lengthBytes`. The ranges must not overlap. */
  xor(targetBytes: number, sourceBytes: number, lengthBytes: number): void;
  /**
   * bytes[target..] = XOR of all sources, in one pass; zeros if there are none. The target may be one of the sources
   * (what it holds then counts), but must not overlap one otherwise.
   */
  xorOf(targetBytes: number, sources: readonly number[], lengthBytes: number): void;
  /**
   * P and Q of a stripe in one pass, or one of them. They must not overlap a source, nor each other.
   */
  formParity(parity: ParityTargets): void;
  /** bytes[target..] ^= coefficient * bytes[source..] over GF(2^8). The ranges must not overlap. */
  mulXor(targetBytes: number, sourceBytes: number, coefficient: number, lengthBytes: number): void;
}

export interface ParityTargets {
  /** Where the XOR of the units goes; null when it is not wanted. */
  readonly p: number | null;
  /** Where the sum of 2^u times unit u goes; null when it is not wanted. */
  readonly q: number | null;
  /** By data unit; null for one that is all zeros. */
  readonly units: readonly (number | null)[];
  readonly lengthBytes: number;
}

/** The part of the WebAssembly interface that is used here; the project's type libraries have none of it. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (binary: Uint8Array) => KernelModule;
  readonly Instance: new (module: KernelModule, imports: object) => { readonly exports: unknown };
};
type KernelModule = object;

/** See assembly/parity.ts. */
interface Kernel {
  xor(target: number, source: number, lengthBytes: number): void;
  xorOf(target: number, list: number, count: number, lengthBytes: number): void;
  formPQ(p: number, q: number, list: number, count: number, lengthBytes: number): void;
  formQ(q: number, list: number, count: number, lengthBytes: number): void;
  mulXor(target: number, source: number, table: number, lengthBytes: number): void;
}

const pageBytes = 64 * 1024;
const sourceCountMax = 255;
const zeroUnit = 0xffffffff;
const tableBytes = 32;
/** Behind the arena, out of its users' sight: the table of each coefficient, then the list of sources of a call. */
const tablesBytes = 256 * tableBytes;
let compiled: KernelModule | null = null;
let tables: Uint8Array | null = null;

/** An arena with the WASM SIMD kernel. Throws `PARITY_KERNEL_MISSING` rather than fall back to something slower. */
export function createParityArena(sizeBytes: number): ParityArena {
  const pages = Math.ceil(sizeBytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages + 1, maximum: pages + 1 });
  const kernel = new WebAssembly.Instance(loadKernel(), { env: { memory } }).exports as Kernel;
  const bytes = Buffer.from(memory.buffer, 0, pages * pageBytes);
  const tablesAt = bytes.length;
  new Uint8Array(memory.buffer).set((tables ??= nibbleTables()), tablesAt);
  const listAt = tablesAt + tablesBytes;
  const list = new Uint32Array(memory.buffer, listAt, sourceCountMax);
  const check = (at: number, lengthBytes: number): void => checkRange(bytes.length, at, lengthBytes);

  const setList = (sources: readonly (number | null)[], lengthBytes: number): void => {
    assert(sources.length <= sourceCountMax, "more sources than the kernel's list holds");
    for (let index = 0; index < sources.length; index++) {
      const source = sources[index] as number | null;
      if (source !== null) check(source, lengthBytes);
      list[index] = source ?? zeroUnit;
    }
  };
  const xorOf = (target: number, sources: readonly number[], lengthBytes: number): void => {
    check(target, lengthBytes);
    setList(sources, lengthBytes);
    if (sources.length === 0) bytes.fill(0, target, target + lengthBytes);
    else kernel.xorOf(target, listAt, sources.length, lengthBytes);
  };

  return {
    bytes,
    xor(target, source, lengthBytes) {
      check(target, lengthBytes);
      check(source, lengthBytes);
      kernel.xor(target, source, lengthBytes);
    },
    xorOf,
    formParity({ p, q, units, lengthBytes }) {
      if (q === null) {
        if (p !== null) xorOf(p, units.filter(isHeld), lengthBytes);
        return;
      }
      check(q, lengthBytes);
      if (p !== null) check(p, lengthBytes);
      setList(units, lengthBytes);
      if (p === null) kernel.formQ(q, listAt, units.length, lengthBytes);
      else kernel.formPQ(p, q, listAt, units.length, lengthBytes);
    },
    mulXor(target, source, coefficient, lengthBytes) {
      check(target, lengthBytes);
      check(source, lengthBytes);
      checkCoefficient(coefficient);
      kernel.mulXor(target, source, tablesAt + coefficient * tableBytes, lengthBytes);
    },
  };
}

/** The same in plain JavaScript, by other means: the kernel's twin, which the tests compare it with. */
export function createJavaScriptArena(sizeBytes: number): ParityArena {
  const bytes = Buffer.alloc(Math.ceil(sizeBytes / pageBytes) * pageBytes);
  const check = (at: number, lengthBytes: number): void => checkRange(bytes.length, at, lengthBytes);
  const addTo = (target: number, source: number, row: Uint8Array, lengthBytes: number): void => {
    check(target, lengthBytes);
    check(source, lengthBytes);
    for (let i = 0; i < lengthBytes; i++) {
      bytes[target + i] = (bytes[target + i] as number) ^ (row[bytes[source + i] as number] as number);
    }
  };
  const sumOf = (target: number, terms: readonly (readonly [number, Uint8Array])[], lengthBytes: number): void => {
    check(target, lengthBytes);
    if (!terms.some(([source]) => source === target)) bytes.fill(0, target, target + lengthBytes);
    for (const [source, row] of terms) if (source !== target) addTo(target, source, row, lengthBytes);
  };
  const once = productsOf(1);

  return {
    bytes,
    xor: (target, source, lengthBytes) => addTo(target, source, once, lengthBytes),
    xorOf(target, sources, lengthBytes) {
      const terms = sources.map((source) => [source, once] as const);
      sumOf(target, terms, lengthBytes);
    },
    formParity({ p, q, units, lengthBytes }) {
      let coefficient = 1;
      const terms: [number, Uint8Array][] = [];
      for (const unit of units) {
        if (unit !== null) terms.push([unit, productsOf(coefficient)]);
        coefficient = multiply(coefficient, 2);
      }
      const plain = terms.map(([unit]) => [unit, once] as const);
      if (p !== null) sumOf(p, plain, lengthBytes);
      if (q !== null) sumOf(q, terms, lengthBytes);
    },
    mulXor(target, source, coefficient, lengthBytes) {
      checkCoefficient(coefficient);
      addTo(target, source, productsOf(coefficient), lengthBytes);
    },
  };
}

/** A coefficient's products with each byte. */
function productsOf(coefficient: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => multiply(coefficient, byte));
}

/** For each coefficient its products with 0 to 15, then with 0, 16, .. 240: their sum is any byte's product. */
function nibbleTables(): Uint8Array {
  const found = new Uint8Array(tablesBytes);
  for (let coefficient = 0; coefficient < 256; coefficient++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      found[coefficient * tableBytes + nibble] = multiply(coefficient, nibble);
      found[coefficient * tableBytes + 16 + nibble] = multiply(coefficient, nibble << 4);
    }
  }
  return found;
}

function isHeld(unit: number | null): unit is number {
  return unit !== null;
}

/** WASM would trap only at the end of its memory; a range beyond what the caller meant is a bug either way. */
function checkRange(sizeBytes: number, at: number, lengthBytes: number): void {
  assert(lengthBytes >= 0 && at >= 0, "negative range in the parity arena");
  assert(at + lengthBytes <= sizeBytes, "range beyond the parity arena");
}

function checkCoefficient(coefficient: number): void {
  assert(Number.isInteger(coefficient) && coefficient >= 0 && coefficient < 256, "a coefficient is a byte");
}

function loadKernel(): KernelModule {
  if (compiled !== null) return compiled;
  const file = new URL("../../wasm/parity.wasm", import.meta.url);
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

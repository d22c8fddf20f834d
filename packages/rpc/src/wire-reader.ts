/**
 * Reads protobuf from a frame. Byte fields are views of the frame, not copies: keeping one keeps the whole frame in
 * memory. Anything that is not legal protobuf, or a number above 2^53, throws `FRAME_MALFORMED`; nothing is read past
 * the end. Unknown fields are skipped, so that newer peers may add some.
 */
import { isName, nameRule } from "@waystation/contracts/ids";
import { rpcFailure } from "./errors.js";

const twoTo32 = 0x1_0000_0000;
const noBytes = new Uint8Array(0);

export function malformed(what: string): Error {
  return rpcFailure("FRAME_MALFORMED", `not a legal message: ${what}; both ends must run compatible versions`);
}

export class WireReader {
  readonly #frame: Buffer;
  #position = 0;
  /** The name read last: records of one batch mostly repeat it, and checking and decoding it again is dear. */
  #name = "";

  constructor(frame: Buffer) {
    this.#frame = frame;
  }

  get lengthBytes(): number {
    return this.#frame.length;
  }

  /** True while there is something to read before `end`. Throws when the last field went past it. */
  before(end: number): boolean {
    if (this.#position < end) return true;
    if (this.#position > end) throw malformed("a field runs past the end of its message");
    return false;
  }

  /** Field number and wire type, as they stand: (field << 3) | type. */
  tag(): number {
    const tag = this.uint();
    if (tag < 8) throw malformed("field number 0");
    return tag;
  }

  /** Reads a length, and returns where what follows ends. */
  open(): number {
    const end = this.uint() + this.#position;
    if (end > this.#frame.length) throw malformed("a length runs past the end of the frame");
    return end;
  }

  uint(): number {
    const frame = this.#frame;
    let position = this.#position;
    let byte = frame[position++] ?? this.#truncated();
    if (byte < 0x80) {
      this.#position = position;
      return byte;
    }
    let low = byte & 0x7f;
    let high = 0;
    let shift = 7;
    do {
      byte = frame[position++] ?? this.#truncated();
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28;
        high = (byte & 0x7f) >>> 4;
      } else if (shift < 63) high += (byte & 0x7f) * 2 ** (shift - 32);
      else throw malformed("a number of more than 9 bytes");
      shift += 7;
    } while (byte >= 0x80);
    this.#position = position;
    const value = high * twoTo32 + (low >>> 0);
    if (!Number.isSafeInteger(value)) throw malformed("a number above 2^53");
    return value;
  }

  bool(): boolean {
    return this.uint() !== 0;
  }

  /** A view of the frame. */
  bytes(): Uint8Array {
    const end = this.open();
    const view = end === this.#position ? noBytes : this.#frame.subarray(this.#position, end);
    this.#position = end;
    return view;
  }

  text(): string {
    const end = this.open();
    const text = this.#frame.toString("utf8", this.#position, end);
    this.#position = end;
    return text;
  }

  /** The name of a node, a volume or a group. */
  name(): string {
    const end = this.open();
    if (!this.#isNameAgain(end)) {
      const name = this.#frame.toString("latin1", this.#position, end);
      if (!isName(name)) throw malformed(`a name must be ${nameRule}`);
      this.#name = name;
    }
    this.#position = end;
    return this.#name;
  }

  /** Passes over a field that this version does not know. */
  skip(tag: number): void {
    const type = tag % 8;
    if (type === 0) this.#skipVarint();
    else if (type === 1) this.#advance(8);
    else if (type === 2) this.#position = this.open();
    else if (type === 5) this.#advance(4);
    else throw malformed(`wire type ${type}`);
  }

  /** Passes over any varint, also one above 2^53. */
  #skipVarint(): void {
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#frame[this.#position++] ?? this.#truncated();
      if (byte < 0x80) return;
    }
    throw malformed("a number of more than 10 bytes");
  }

  #isNameAgain(end: number): boolean {
    const name = this.#name;
    const start = this.#position;
    if (name === "" || end - start !== name.length) return false;
    for (let index = 0; index < name.length; index += 1) {
      if (this.#frame[start + index] !== name.charCodeAt(index)) return false;
    }
    return true;
  }

  #advance(lengthBytes: number): void {
    if (this.#position + lengthBytes > this.#frame.length) this.#truncated();
    this.#position += lengthBytes;
  }

  #truncated(): never {
    throw malformed("it ends in the middle of a field");
  }
}

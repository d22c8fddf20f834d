/**
 * Writes protobuf from the end of a buffer to its start. A nested message is preceded by its length, which is known
 * only when it has been written: going backwards, that takes neither a second pass nor a copy. So fields of a message
 * are written last to first, and the elements of a repeated field too.
 *
 *   buffer: [ ....free.... | tag len ( tag varint | tag len bytes ) ]
 *                          ^ position                               ^ end
 */
const twoTo32 = 0x1_0000_0000;

export class WireWriter {
  #buffer: Buffer;
  #position: number;

  /** `sizeHintBytes`: an upper bound spares growing; a wrong one only costs a copy. */
  constructor(sizeHintBytes: number) {
    this.#buffer = Buffer.allocUnsafe(sizeHintBytes);
    this.#position = sizeHintBytes;
  }

  /** The bytes written. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#position);
  }

  /** Bytes written so far: where a nested message ends, for `close`. */
  mark(): number {
    return this.#buffer.length - this.#position;
  }

  /** Puts tag and length before what was written since `mark`. */
  close(field: number, mark: number): void {
    this.#varint(this.mark() - mark);
    this.#varint((field << 3) | 2);
  }

  /** An integer from 0 to 2^53; 0 is the default and takes no bytes. */
  uint(field: number, value: number): void {
    if (value === 0) return;
    this.#varint(value);
    this.#varint(field << 3);
  }

  /** An integer whose absence means something else than 0. */
  presentUint(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field << 3);
  }

  /** A repeated field of integers, in one piece; nothing when there are none. */
  packed(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const mark = this.mark();
    for (let index = values.length - 1; index >= 0; index -= 1) this.#varint(values[index] as number);
    this.close(field, mark);
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0);
  }

  bytes(field: number, data: Uint8Array): void {
    if (data.length === 0) return;
    this.#reserve(data.length);
    this.#position -= data.length;
    this.#buffer.set(data, this.#position);
    this.#varint(data.length);
    this.#varint((field << 3) | 2);
  }

  text(field: number, text: string): void {
    if (text !== "") this.element(field, text);
  }

  /** A string that is written even when empty: an element of a repeated field. */
  element(field: number, text: string): void {
    const lengthBytes = Buffer.byteLength(text);
    this.#reserve(lengthBytes);
    this.#position -= lengthBytes;
    if (lengthBytes === text.length && lengthBytes < 32) {
      // ASCII and short, as names are: cheaper than a call out of JavaScript.
      for (let index = 0; index < lengthBytes; index += 1) {
        this.#buffer[this.#position + index] = text.charCodeAt(index);
      }
    } else {
      this.#buffer.write(text, this.#position, "utf8");
    }
    this.#varint(lengthBytes);
    this.#varint((field << 3) | 2);
  }

  #varint(value: number): void {
    this.#reserve(10);
    if (value < 0x80) {
      this.#buffer[(this.#position -= 1)] = value;
      return;
    }
    let high = Math.floor(value / twoTo32);
    let low = value >>> 0;
    let lengthBytes = 1;
    for (let limit = 0x80; limit <= value; limit *= 0x80) lengthBytes += 1;
    this.#position -= lengthBytes;
    const last = this.#position + lengthBytes - 1;
    for (let at = this.#position; at < last; at += 1) {
      this.#buffer[at] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#buffer[last] = low;
  }

  #reserve(lengthBytes: number): void {
    if (this.#position >= lengthBytes) return;
    const used = this.#buffer.subarray(this.#position);
    const grown = Buffer.allocUnsafe((used.length + lengthBytes) * 2);
    const position = grown.length - used.length;
    grown.set(used, position);
    this.#buffer = grown;
    this.#position = position;
  }
}

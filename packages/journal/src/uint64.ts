/** Numbers of up to 2^53 - 1 in 8 bytes, without the cost of a bigint each. Little-endian in values, big-endian in keys. */
const twoTo32 = 2 ** 32;

export function writeUint64(target: Buffer, offset: number, value: number): void {
  target.writeUInt32LE(value % twoTo32, offset);
  target.writeUInt32LE(Math.floor(value / twoTo32), offset + 4);
}

export function readUint64(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset) + source.readUInt32LE(offset + 4) * twoTo32;
}

export function writeUint64BE(target: Buffer, offset: number, value: number): void {
  target.writeUInt32BE(Math.floor(value / twoTo32), offset);
  target.writeUInt32BE(value % twoTo32, offset + 4);
}

export function readUint64BE(source: Buffer, offset: number): number {
  return source.readUInt32BE(offset) * twoTo32 + source.readUInt32BE(offset + 4);
}

// The XOR kernel: target ^= source, both in this module's own memory, which the host uses as its buffer arena, so that
// nothing is copied in or out. 64 bytes per turn keep four loads in flight; the rest goes by words, then by bytes.

export function xor(target: usize, source: usize, lengthBytes: usize): void {
  const end = target + lengthBytes;
  const wideEnd = target + (lengthBytes & ~63);
  while (target < wideEnd) {
    v128.store(target, v128.xor(v128.load(target), v128.load(source)));
    v128.store(target, v128.xor(v128.load(target, 16), v128.load(source, 16)), 16);
    v128.store(target, v128.xor(v128.load(target, 32), v128.load(source, 32)), 32);
    v128.store(target, v128.xor(v128.load(target, 48), v128.load(source, 48)), 48);
    target += 64;
    source += 64;
  }
  while (target + 8 <= end) {
    store<u64>(target, load<u64>(target) ^ load<u64>(source));
    target += 8;
    source += 8;
  }
  while (target < end) {
    store<u8>(target, load<u8>(target) ^ load<u8>(source));
    target += 1;
    source += 1;
  }
}

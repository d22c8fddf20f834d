// The parity kernel, on this module's own memory, which the host uses as its buffer arena, so that nothing is copied in
// or out. P is the XOR of a stripe's units; Q is the sum of 2^u times unit u over GF(2^8) with the polynomial 0x11d
// (H. P. Anvin, "The mathematics of RAID-6"). Each call reads every source once: 64 bytes of each stay in registers
// until all sources went into them. What is left over goes by vectors, then by bytes.
//
// Lists of sources lie in memory as 32-bit addresses. A target may be one of its sources: a block is stored only after
// all of it was read.

/** target = XOR of `count` sources, at least one. */
export function xorOf(target: usize, list: usize, count: usize, lengthBytes: usize): void {
  const listEnd = list + 4 * count;
  let at: usize = 0;
  for (; at + 64 <= lengthBytes; at += 64) {
    let from = load<u32>(list) + at;
    let a = v128.load(from);
    let b = v128.load(from, 16);
    let c = v128.load(from, 32);
    let d = v128.load(from, 48);
    for (let next = list + 4; next < listEnd; next += 4) {
      from = load<u32>(next) + at;
      a = v128.xor(a, v128.load(from));
      b = v128.xor(b, v128.load(from, 16));
      c = v128.xor(c, v128.load(from, 32));
      d = v128.xor(d, v128.load(from, 48));
    }
    v128.store(target + at, a);
    v128.store(target + at, b, 16);
    v128.store(target + at, c, 32);
    v128.store(target + at, d, 48);
  }
  for (; at < lengthBytes; at++) {
    let sum: u8 = 0;
    for (let next = list; next < listEnd; next += 4) sum ^= load<u8>(load<u32>(next) + at);
    store<u8>(target + at, sum);
  }
}

/** target ^= source: what is asked most, without a list. */
export function xor(target: usize, source: usize, lengthBytes: usize): void {
  let at: usize = 0;
  for (; at + 64 <= lengthBytes; at += 64) {
    const to = target + at;
    const from = source + at;
    v128.store(to, v128.xor(v128.load(to), v128.load(from)));
    v128.store(to, v128.xor(v128.load(to, 16), v128.load(from, 16)), 16);
    v128.store(to, v128.xor(v128.load(to, 32), v128.load(from, 32)), 32);
    v128.store(to, v128.xor(v128.load(to, 48), v128.load(from, 48)), 48);
  }
  for (; at < lengthBytes; at++) store<u8>(target + at, load<u8>(target + at) ^ load<u8>(source + at));
}

// Twice each byte: shifted left, and those that lose their top bit reduced by the polynomial.
function twice(value: v128): v128 {
  const overflows = i8x16.gt_s(i8x16.splat(0), value);
  return v128.xor(i8x16.add(value, value), v128.and(overflows, i8x16.splat(0x1d)));
}

function twiceByte(value: u8): u8 {
  return <u8>((value << 1) ^ (value & 0x80 ? 0x1d : 0));
}

/** An entry of the list for a unit of zeros, which has no bytes in memory. */
const zeroUnit: u32 = 0xffffffff;

/** P and Q of the units in the list, by Horner from the highest unit down. */
export function formPQ(p: usize, q: usize, list: usize, count: usize, lengthBytes: usize): void {
  const listEnd = list + 4 * count;
  let at: usize = 0;
  for (; at + 32 <= lengthBytes; at += 32) {
    let p0 = i8x16.splat(0);
    let p1 = p0;
    let q0 = p0;
    let q1 = p0;
    for (let next = listEnd; next > list;) {
      next -= 4;
      q0 = twice(q0);
      q1 = twice(q1);
      const unit = load<u32>(next);
      if (unit == zeroUnit) continue;
      const d0 = v128.load(unit + at);
      const d1 = v128.load(unit + at, 16);
      p0 = v128.xor(p0, d0);
      p1 = v128.xor(p1, d1);
      q0 = v128.xor(q0, d0);
      q1 = v128.xor(q1, d1);
    }
    v128.store(p + at, p0);
    v128.store(p + at, p1, 16);
    v128.store(q + at, q0);
    v128.store(q + at, q1, 16);
  }
  for (; at < lengthBytes; at++) {
    let sum: u8 = 0;
    let horner: u8 = 0;
    for (let next = listEnd; next > list;) {
      next -= 4;
      const unit = load<u32>(next);
      const byte: u8 = unit == zeroUnit ? 0 : load<u8>(unit + at);
      sum ^= byte;
      horner = twiceByte(horner) ^ byte;
    }
    store<u8>(p + at, sum);
    store<u8>(q + at, horner);
  }
}

/** Q alone of the units in the list. */
export function formQ(q: usize, list: usize, count: usize, lengthBytes: usize): void {
  const listEnd = list + 4 * count;
  let at: usize = 0;
  for (; at + 64 <= lengthBytes; at += 64) {
    let q0 = i8x16.splat(0);
    let q1 = q0;
    let q2 = q0;
    let q3 = q0;
    for (let next = listEnd; next > list;) {
      next -= 4;
      q0 = twice(q0);
      q1 = twice(q1);
      q2 = twice(q2);
      q3 = twice(q3);
      const unit = load<u32>(next);
      if (unit == zeroUnit) continue;
      q0 = v128.xor(q0, v128.load(unit + at));
      q1 = v128.xor(q1, v128.load(unit + at, 16));
      q2 = v128.xor(q2, v128.load(unit + at, 32));
      q3 = v128.xor(q3, v128.load(unit + at, 48));
    }
    v128.store(q + at, q0);
    v128.store(q + at, q1, 16);
    v128.store(q + at, q2, 32);
    v128.store(q + at, q3, 48);
  }
  for (; at < lengthBytes; at++) {
    let horner: u8 = 0;
    for (let next = listEnd; next > list;) {
      next -= 4;
      const unit = load<u32>(next);
      horner = twiceByte(horner) ^ (unit == zeroUnit ? 0 : load<u8>(unit + at));
    }
    store<u8>(q + at, horner);
  }
}

function product(value: v128, low: v128, high: v128): v128 {
  const nibbles = i8x16.splat(0x0f);
  return v128.xor(i8x16.swizzle(low, v128.and(value, nibbles)), i8x16.swizzle(high, i8x16.shr_u(value, 4)));
}

/** target ^= coefficient * source. `table`: the coefficient's products with 0..15, then those with 0, 16, .. 240. */
export function mulXor(target: usize, source: usize, table: usize, lengthBytes: usize): void {
  const low = v128.load(table);
  const high = v128.load(table, 16);
  let at: usize = 0;
  for (; at + 32 <= lengthBytes; at += 32) {
    const to = target + at;
    const from = source + at;
    v128.store(to, v128.xor(v128.load(to), product(v128.load(from), low, high)));
    v128.store(to, v128.xor(v128.load(to, 16), product(v128.load(from, 16), low, high)), 16);
  }
  for (; at < lengthBytes; at++) {
    const byte = load<u8>(source + at);
    const product = load<u8>(table + (byte & 0x0f)) ^ load<u8>(table + 16 + (byte >> 4));
    store<u8>(target + at, load<u8>(target + at) ^ product);
  }
}

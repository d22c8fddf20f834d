/**
 * Protobuf as a tree: parsed plainly by the published schema, which says what is well formed; and changed as a tree, so
 * that the lengths around a change are right, except for the one that is to be wrong.
 */
import type { Random } from "@waystation/contracts/random";
import { packageDefinition } from "@waystation/rpc/proto";

interface Field {
  readonly number: number;
  readonly wireType: number;
  /** A number, bytes, or the fields of a message. */
  readonly value: bigint | Buffer | readonly Field[];
  /** What its length says too much or too little. */
  readonly lengthError?: number;
}

const packageName = "waystation.v1";
const varints = [0, 1, 2, 7, 8, 28, 31, 32, 35, 49, 53, 56, 63, 64].flatMap((bits) => [
  2n ** BigInt(bits) - 1n,
  2n ** BigInt(bits),
]);
const varintMax = 2n ** 64n - 1n;

/** Of the message-typed fields of a message, the messages that they are. */
function messagesIn(type: string): ReadonlyMap<number, string> {
  const found = packageDefinition[`${packageName}.${type}`];
  const fields = (found as { readonly type?: { readonly field?: readonly SchemaField[] } } | undefined)?.type?.field;
  const messages = (fields ?? []).filter((field) => field.type === "TYPE_MESSAGE");
  return new Map(messages.map(({ number, typeName }) => [number, typeName.split(".").at(-1) ?? ""]));
}

interface SchemaField {
  readonly number: number;
  readonly type: string;
  readonly typeName: string;
}

const schemas = new Map<string, ReadonlyMap<number, string>>();

function schemaOf(type: string): ReadonlyMap<number, string> {
  const schema = schemas.get(type) ?? messagesIn(type);
  schemas.set(type, schema);
  return schema;
}

/** Null when a field leaves its message, or is none. */
export function parseTree(bytes: Buffer, type: string): Field[] | null {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    if (tag === null) return null;
    const [number, wireType] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    const field = readField(bytes, tag.end, { number, wireType, messageType: schemaOf(type).get(number) });
    if (field === null) return null;
    fields.push(field.field);
    at = field.end;
  }
  return fields;
}

interface FieldKind {
  readonly number: number;
  readonly wireType: number;
  readonly messageType: string | undefined;
}

function readField(bytes: Buffer, at: number, kind: FieldKind): { field: Field; end: number } | null {
  const { number, wireType, messageType } = kind;
  if (wireType === 0) {
    const found = readVarint(bytes, at);
    return found && { field: { number, wireType, value: found.value }, end: found.end };
  }
  const length = wireType === 2 ? readVarint(bytes, at) : { value: wireType === 1 ? 8n : 4n, end: at };
  if (length === null || ![1, 2, 5].includes(wireType) || length.value > BigInt(bytes.length - length.end)) return null;
  const end = length.end + Number(length.value);
  const content = bytes.subarray(length.end, end);
  if (wireType !== 2 || messageType === undefined) return { field: { number, wireType, value: content }, end };
  const value = parseTree(content, messageType);
  return value && { field: { number, wireType, value }, end };
}

function readVarint(bytes: Buffer, start: number): { value: bigint; end: number } | null {
  let value = 0n;
  for (let at = start; at < Math.min(bytes.length, start + 10); at++) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return null;
}

function writeVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value < 0n ? 0n : value > varintMax ? varintMax : value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

export function encodeTree(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, wireType, value, lengthError = 0 }) => {
      const tag = writeVarint((BigInt(number) << 3n) | BigInt(wireType));
      if (typeof value === "bigint") return [tag, writeVarint(value)];
      const content = Buffer.isBuffer(value) ? value : encodeTree(value);
      return wireType === 2 ? [tag, writeVarint(BigInt(content.length + lengthError)), content] : [tag, content];
    }),
  );
}

/** One field somewhere in the tree becomes another, is gone, or is there twice. */
export function changeTree(fields: readonly Field[], random: Random): Field[] {
  const at = random.below(fields.length);
  const field = fields[at];
  if (field === undefined) return [];
  const [before, after] = [fields.slice(0, at), fields.slice(at + 1)];
  const isMessage = Array.isArray(field.value);
  if (isMessage && random.chance(0.7)) {
    const value = changeTree(field.value as readonly Field[], random);
    return [...before, { ...field, value }, ...after];
  }
  switch (random.below(8)) {
    case 0:
      return [...before, ...after];
    case 1:
      return [...before, field, ...fields.slice(at)];
    case 2:
      return [...before, { ...field, number: 1 + random.below(40) }, ...after];
    case 3:
      return [...before, { ...field, lengthError: random.pick([1, -1, 7, 1 << 20]) }, ...after];
    default:
      return [...before, { ...field, value: changedValue(field.value, random) }, ...after];
  }
}

function changedValue(value: Field["value"], random: Random): Field["value"] {
  if (typeof value === "bigint") return random.pick(varints);
  if (!Buffer.isBuffer(value)) return value;
  const bytes = Buffer.from(value);
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.pick([0, 0x2f, 0x7f, 0x80, 0xff]);
  return random.chance(0.5) ? bytes : bytes.subarray(0, random.below(bytes.length + 1));
}

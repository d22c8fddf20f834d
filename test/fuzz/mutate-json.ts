/** Changes JSON as JSON: one value somewhere in it becomes another, or is gone. Nothing that parses stays unexplored. */
import type { Random } from "@waystation/contracts/random";

const values: readonly unknown[] = [
  ...[0, 1, -1, 0.5, 7, 4096, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 40, Number.MAX_SAFE_INTEGER, 2 ** 60, 1e300],
  ...[null, true, "", "x", "../../x", "0", [], [null], {}, "length", "raid0", "raid1", "creating", "ejected"],
];

type Place = readonly [holder: Record<string, unknown>, key: string];

/** The text of another value; what is no JSON comes back as it is. */
export function mutateJson(text: string, random: Random): string {
  let root: Record<string, unknown>;
  try {
    root = { "": JSON.parse(text) as unknown };
  } catch {
    return text;
  }
  if (random.chance(0.05)) return text.slice(0, random.below(text.length + 1));
  for (let edits = 1 + random.below(2); edits > 0; edits--) {
    const places = placesIn(root);
    if (places.length === 0) break;
    const [holder, key] = random.pick(places);
    if (random.chance(0.15)) Reflect.deleteProperty(holder, key);
    else holder[key] = changed(holder[key], random);
  }
  return "" in root ? JSON.stringify(root[""]) : "";
}

function changed(value: unknown, random: Random): unknown {
  if (typeof value === "number" && random.chance(0.4)) return value + random.pick([1, -1, 4096, -4096, 0.5]);
  if (Array.isArray(value) && random.chance(0.4)) {
    const items = value as readonly unknown[];
    return random.chance(0.5) ? items.slice(1) : [...items, ...items];
  }
  return random.pick(values);
}

function placesIn(holder: Record<string, unknown>): Place[] {
  return Object.entries(holder).flatMap(([key, value]): Place[] => {
    const own: Place = [holder, key];
    return typeof value === "object" && value !== null ? [own, ...placesIn(value as Record<string, unknown>)] : [own];
  });
}

/**
 * What is wrong in a file, as a list: a person mends all of it in one go instead of one refusal after another.
 * A problem names the path of the bad value, what is wrong with it, and what would be right.
 */

/** Steps from the root: names of keys and indexes of lists. */
export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** `volumes[1].primary.array`; names that are not plain are quoted: `nodes["a.b"].grpc`. */
export function formatPath(path: Path): string {
  const text = path.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[A-Za-z0-9_-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  const joined = text.join("").replace(/^\./, "");
  return joined === "" ? "(the whole file)" : joined;
}

/** The known name nearest to `wrong`, if it is near enough to be what was meant. */
export function nearestName(wrong: string, known: readonly string[]): string | null {
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const name of known) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (best === null || distance < best.distance) best = { name, distance };
  }
  return best !== null && best.distance <= Math.max(1, Math.floor(wrong.length / 3)) ? best.name : null;
}

/** `did you mean "relay-1"?`, or the names that there are. */
export function suggestName(wrong: string, known: readonly string[]): string {
  const nearest = nearestName(wrong, known);
  if (nearest !== null) return `did you mean ${JSON.stringify(nearest)}?`;
  return known.length === 0 ? "there is none" : `known: ${known.join(", ")}`;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

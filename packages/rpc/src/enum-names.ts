/** Enums between the ports' words and the wire's names. */

/** The key of `table` whose value is `name`, or `otherwise`: a newer peer may know words that this version does not. */
export function keyOf<Key extends string>(table: Readonly<Record<Key, string>>, name: string, otherwise: Key): Key {
  return (Object.keys(table) as Key[]).find((key) => table[key] === name) ?? otherwise;
}

/**
 * Renders the reference page of `cluster.yaml` from its schema, so that the page cannot say anything else than what
 * the daemons check. docs/cluster-yaml.md is this text; a test compares them.
 */
import { clusterFileSchema } from "./schema.js";

const opening = `# cluster.yaml

Rendered from the schema in \`packages/config/src/schema.ts\`; do not edit here. One file describes the cluster; every
daemon and every client reads the same one. Unknown keys are refused. What must fit together (names, sizes,
addresses) is checked before anything starts, and everything that is wrong is reported at once, with its path.

Sizes are written as \`1GiB\`, \`64KiB\` or a number of bytes; durations as \`500ms\`, \`10s\`, \`2m\`; addresses as
\`host:port\`. The file of the local cluster, deploy/local/cluster.yaml, is an example of everything.
`;

export function renderReference(): string {
  const lines: string[] = [];
  const root: object = clusterFileSchema;
  renderMapping(root, "", lines);
  return `${opening}\n${lines.join("\n")}`;
}

interface SchemaView {
  readonly description?: string;
  readonly expected?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaView>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, SchemaView>>;
  readonly items?: SchemaView;
  readonly anyOf?: readonly SchemaView[];
}

function renderMapping(schema: SchemaView, prefix: string, lines: string[]): void {
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    lines.push(...entry(path, value, schema.required?.includes(key) === true));
    renderInside(value, path, lines);
  }
}

function renderInside(schema: SchemaView, path: string, lines: string[]): void {
  const [named] = Object.values(schema.patternProperties ?? {});
  const inner = schema.items ?? named;
  const mapping = schema.anyOf?.find((branch) => branch.properties !== undefined);
  if (schema.properties !== undefined) renderMapping(schema, path, lines);
  else if (mapping !== undefined) renderMapping(mapping, path, lines);
  else if (inner?.properties !== undefined) {
    const innerPath = schema.items === undefined ? `${path}.<name>` : `${path}[]`;
    lines.push(...entry(innerPath, inner, true));
    renderMapping(inner, innerPath, lines);
  }
}

function entry(path: string, schema: SchemaView, required: boolean): string[] {
  const fallback = typeof schema.default === "string" ? `, \`${schema.default}\` when left out` : "";
  const presence = required ? "" : `, optional${fallback}`;
  const expected = schema.expected?.replaceAll("<", "&lt;") ?? "";
  const heading = path.includes(".") || path.includes("[") ? `### \`${path}\`` : `## \`${path}\``;
  return [heading, "", `_${expected}${presence}_`, "", schema.description ?? "", ""];
}

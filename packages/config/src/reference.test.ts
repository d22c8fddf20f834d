import { expect, it } from "vitest";
import { renderReference } from "./reference.js";
import { clusterFileSchema } from "./schema.js";

it("docs/cluster-yaml.md is what the schema says (vitest -u renders it again)", async () => {
  await expect(renderReference()).toMatchFileSnapshot("../../../docs/cluster-yaml.md");
});

it("every field of the schema says what it is for and what a right value looks like", () => {
  const bare: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    const { properties, patternProperties, items, anyOf, ...own } = schema as Record<string, Record<string, unknown>>;
    const isBranch = path.endsWith("|");
    if (!isBranch && (typeof own["description"] !== "string" || typeof own["expected"] !== "string")) bare.push(path);
    for (const [key, inner] of Object.entries({ ...properties, ...patternProperties })) visit(inner, `${path}/${key}`);
    for (const branch of Object.values(anyOf ?? {})) visit(branch, `${path}|`);
    // Items of a list of plain strings are explained by the list.
    if (items !== undefined && !isBranch) visit(items, `${path}[]`);
  };
  visit(clusterFileSchema, "");
  expect(bare).toEqual([]);
});

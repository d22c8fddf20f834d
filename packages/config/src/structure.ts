/**
 * Checks a parsed file against the schema and says what is wrong in words of the schema's own `expected` texts.
 * A validator reports each branch of a union that failed; people want one line: what was expected there.
 */
import { Compile } from "typebox/compile";
import { Settings } from "typebox/system";
import { nearestName, type Path, type Problem } from "./problems.js";
import { clusterFileSchema, type ClusterFile } from "./schema.js";

// The validator's own limit is 8: more than eight problems would be mended in several rounds.
Settings.Set({ maxErrors: 1000 });
const validator = Compile(clusterFileSchema);
type SchemaError = ReturnType<typeof validator.Errors>[number];

export interface StructureResult {
  readonly problems: readonly Problem[];
  /** The file, when its shape is right but for unknown keys: what it says can then be checked further. */
  readonly file: ClusterFile | null;
}

export function checkStructure(value: unknown): StructureResult {
  if (validator.Check(value)) return { problems: [], file: value };
  const errors = validator.Errors(value);
  const unknownKeys = errors.flatMap((error) => unknownKeyProblems(value, error));
  const others = otherProblems(value, errors);
  return {
    problems: [...unknownKeys, ...others],
    file: others.length === 0 ? (value as ClusterFile) : null,
  };
}

function unknownKeyProblems(root: unknown, error: SchemaError): Problem[] {
  if (error.keyword !== "additionalProperties") return [];
  const known = Object.keys(recordOf(recordOf(schemaAt(error.schemaPath))["properties"]));
  const path = pathOf(root, error.instancePath);
  return error.params.additionalProperties.map((key) => {
    const nearest = nearestName(key, known);
    const right = nearest === null ? `known here: ${known.join(", ")}` : `did you mean ${JSON.stringify(nearest)}?`;
    return { path: [...path, key], message: `unknown key; ${right}` };
  });
}

function otherProblems(root: unknown, errors: readonly SchemaError[]): Problem[] {
  const unions = errors.filter((error) => error.keyword === "anyOf");
  const problems: Problem[] = [];
  for (const error of errors) {
    // Each unknown key is also reported as a value that "is false" by its own path.
    if (error.keyword === "additionalProperties" || error.keyword === "boolean") continue;
    const path = pathOf(root, error.instancePath);
    const value = valueAt(root, path);
    const union = unions.find((candidate) => error.schemaPath.startsWith(`${candidate.schemaPath}/anyOf/`));
    if (union !== undefined) {
      // Inside a union only a mapping's own faults say more than the union's `expected`.
      const inMapping = isMapping(valueAt(root, pathOf(root, union.instancePath)));
      const speaksOfMapping = error.keyword === "required" || error.instancePath !== union.instancePath;
      if (!inMapping || !speaksOfMapping) continue;
    } else if (error.keyword === "anyOf" && isMapping(value) && acceptsMapping(error.schemaPath)) {
      continue;
    }
    if (error.keyword === "required") {
      for (const key of error.params.requiredProperties) {
        const expected = expectedOf(recordOf(recordOf(schemaAt(error.schemaPath))["properties"])[key]);
        problems.push({ path: [...path, key], message: `is missing; expected ${expected}` });
      }
      continue;
    }
    const expected = expectedOf(schemaAt(error.schemaPath));
    problems.push({ path, message: `is ${describe(value)}; expected ${expected}` });
  }
  return dropCovered(problems);
}

/** A value can fail several keywords of one schema: one line is enough. */
function dropCovered(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = JSON.stringify(problem.path);
    return !seen.has(key) && seen.add(key);
  });
}

function acceptsMapping(schemaPath: string): boolean {
  const branches = recordOf(schemaAt(schemaPath))["anyOf"];
  return Array.isArray(branches) && branches.some((branch) => recordOf(branch)["type"] === "object");
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function expectedOf(schema: unknown): string {
  const expected = recordOf(schema)["expected"];
  return typeof expected === "string" ? expected : "another kind of value";
}

/** The schema that `#/properties/nodes/...` points at. */
function schemaAt(schemaPath: string): unknown {
  return walk(clusterFileSchema, pointerSteps(schemaPath.replace(/^#/, "")));
}

function pathOf(root: unknown, instancePath: string): Path {
  let at = root;
  return pointerSteps(instancePath).map((step) => {
    const typed = Array.isArray(at) ? Number(step) : step;
    at = recordOf(at)[step];
    return typed;
  });
}

function valueAt(root: unknown, path: Path): unknown {
  return walk(root, path.map(String));
}

function walk(from: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((at, step) => recordOf(at)[step], from);
}

function pointerSteps(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function isMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

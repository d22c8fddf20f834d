// Typed lint for the whole repository, and the layer rules of docs/ARCHITECTURE.md: imports point down only.
import tseslint from "typescript-eslint";
import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";

/** What each package may import of its own kind. A package that is not named may not be imported at all. */
export const layers = {
  contracts: [],
  raid: ["contracts"],
  replication: ["contracts"],
  journal: ["contracts"],
  config: ["contracts"],
  nbd: ["contracts"],
  volumes: ["contracts", "raid"],
  rpc: ["contracts", "replication"],
  client: ["contracts", "rpc"],
  node: ["contracts", "replication"],
  daemon: ["contracts", "raid", "volumes", "replication", "journal", "config", "rpc", "client", "nbd", "node"],
  sim: ["contracts", "raid", "replication", "journal", "node"],
};

/** Packages whose code is a pure core: no promise-based I/O, no timers, no environment (DESIGN: pure core, one loop). */
const pure = [
  "packages/replication/src",
  "packages/raid/src/core",
  "packages/nbd/src/protocol",
  "packages/volumes/src/pairs/core",
];

function layerRule(allowed) {
  const group = Object.keys(layers)
    .filter((name) => !allowed.includes(name))
    .flatMap((name) => [`@waystation/${name}`, `@waystation/${name}/*`]);
  return [
    "error",
    {
      patterns: [
        { group, message: "Imports point down only: see the layers in docs/ARCHITECTURE.md." },
        { regex: "^(\\.\\./)+(packages|services)/", message: "Import another package by its name." },
      ],
    },
  ];
}

export default tseslint.config(
  {
    ignores: [
      "**/dist/**",
      "**/generated/**",
      "node_modules/**",
      ".waystation/**",
      "**/assembly/**",
      "test/fixtures/**",
    ],
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      "import-x/extensions": [".ts"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver-next": [
        createTypeScriptImportResolver({
          project: ["packages/*/tsconfig.json", "services/*/tsconfig.json"],
          noWarnOnMultipleProjects: true,
          conditionNames: ["source", "types", "import", "node"],
        }),
      ],
    },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-self-import": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-empty-function": "off",
      // `return refuse(...)` in a function of type void reads well: "refuse, and that is all".
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-globals": [
        "error",
        { name: "process", message: "Only services read process; pass what is needed." },
      ],
      "no-restricted-syntax": ["error", { selector: "TSEnumDeclaration", message: "Use a union of literals." }],
    },
  },
  ...Object.entries(layers).map(([name, allowed]) => ({
    files: [`packages/${name}/**/*.ts`],
    rules: { "no-restricted-imports": layerRule([...allowed, name]) },
  })),
  {
    files: ["services/**/*.ts", "test/**/*.ts", "**/*.test.ts", "packages/sim/src/main.ts"],
    rules: { "no-restricted-globals": "off" },
  },
  {
    files: pure.map((folder) => `${folder}/**/*.ts`),
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...[
          "process",
          "setTimeout",
          "setInterval",
          "setImmediate",
          "queueMicrotask",
          "Promise",
          "performance",
          "Date",
        ].map((name) => ({
          name,
          message:
            "A pure core has no clock, no I/O and no environment: take it as an event or return it as an effect.",
        })),
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "ImportDeclaration[source.value=/^node:(?!assert)/]",
          message: "A pure core imports no node module but assert.",
        },
      ],
    },
  },
  {
    // A digest is a value like another: no clock, no I/O, no randomness.
    files: ["packages/replication/src/provable/digest.ts", "packages/replication/src/testing/chain-model.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "ImportDeclaration[source.value=/^node:(?!assert|crypto)/]",
          message: "Of the node modules, digests use assert and crypto.",
        },
      ],
    },
  },
  {
    files: ["**/*.test.ts", "test/**/*.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off", "@typescript-eslint/require-await": "off" },
  },
);

/**
 * The published API, loaded from proto/waystation/v1 at the root of the repository. `generated/` has its types, made by
 * `npm run proto:types` and compared with the protos by a test. The options here and there must agree.
 */
import { fileURLToPath } from "node:url";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import type { BlockServiceDefinition } from "./generated/waystation/v1/BlockService.js";
import type { ControlServiceDefinition } from "./generated/waystation/v1/ControlService.js";
import type { ReplicationServiceDefinition } from "./generated/waystation/v1/ReplicationService.js";
import type { StorageServiceDefinition } from "./generated/waystation/v1/StorageService.js";

// `src` and `dist` lie at the same depth, so this finds the protos from either.
const protoFolder = fileURLToPath(new URL("../../../proto/", import.meta.url));

/** Everything in the protos, by full name. */
export const packageDefinition: PackageDefinition = loadSync(
  [
    "waystation/v1/block.proto",
    "waystation/v1/replication.proto",
    "waystation/v1/control.proto",
    "waystation/v1/storage.proto",
  ],
  { longs: Number, enums: String, defaults: true, oneofs: true, includeDirs: [protoFolder] },
);

function service(name: string): unknown {
  return packageDefinition[`waystation.v1.${name}`];
}

export const blockServiceDefinition = service("BlockService") as BlockServiceDefinition;
export const controlServiceDefinition = service("ControlService") as ControlServiceDefinition;
export const replicationServiceDefinition = service("ReplicationService") as ReplicationServiceDefinition;
export const storageServiceDefinition = service("StorageService") as StorageServiceDefinition;

/** Full names, as the health service knows them. */
export const serviceNames = [
  "waystation.v1.BlockService",
  "waystation.v1.ControlService",
  "waystation.v1.ReplicationService",
  "waystation.v1.StorageService",
] as const;

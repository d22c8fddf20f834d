/** What every command is given: the ports of the process, the cluster file, and a way to print for people or programs. */
import { type Command, InvalidArgumentError } from "commander";
import type { StorageClient } from "@waystation/client/storage-client";
import type { Cluster } from "@waystation/config/cluster";
import { loadCluster } from "@waystation/config/load";
import { readDurationMs } from "@waystation/config/quantities";
import type { ConnectControl } from "./survey.js";

export type ConnectStorage = (address: string) => StorageClient;

/** The line at the bottom of a terminal that shows how far something is. */
export interface ProgressLine {
  readonly columns: number;
  /** Replaces what it shows; "" clears it. */
  show(text: string): void;
}

export interface WayctlPorts {
  readonly connect: ConnectControl;
  readonly connectStorage: ConnectStorage;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly wallMs: () => number;
  readonly delay: (delayMs: number) => Promise<void>;
  /** Null when nobody looks: output goes to a file or a program. */
  readonly progress: ProgressLine | null;
}

export interface GlobalOptions {
  readonly cluster: string;
  readonly json: boolean;
}

export interface Context {
  readonly ports: WayctlPorts;
  readonly json: () => boolean;
  readonly cluster: () => Promise<Cluster>;
  /** Prints the text, or the value as JSON. */
  readonly print: (value: unknown, text: string) => void;
  /** Ends the command with this code once it is over. */
  readonly setExit: (code: number) => void;
}

export function createContext(ports: WayctlPorts, program: Command, setExit: (code: number) => void): Context {
  const options = () => program.opts<GlobalOptions>();
  return {
    ports,
    json: () => options().json,
    cluster: () => loadCluster(options().cluster),
    print(value, text) {
      ports.out(options().json ? JSON.stringify(value, null, 2) : text);
    },
    setExit,
  };
}

export function parseDuration(text: string): number {
  const durationMs = readDurationMs(text);
  if (durationMs === null) throw new InvalidArgumentError('use a duration such as "500ms", "60s", "2m" or "12h".');
  return durationMs;
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("use a sequence number, as wayctl group show prints them.");
}

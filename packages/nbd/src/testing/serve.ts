/** A server on a free loopback port over a memory front, with its log lines kept: the stage of the server's tests. */
import type { Log, LogFields } from "@waystation/contracts/log";
import type { NbdLimits } from "../limits.js";
import { createMemoryFront, type MemoryFront, type MemoryFrontOptions } from "../memory-front.js";
import { startNbdServer, type NbdServer } from "../server/server.js";

interface LogLine {
  readonly level: keyof Log;
  readonly fields: LogFields;
  readonly message: string;
}

export interface Stage {
  readonly server: NbdServer;
  readonly front: MemoryFront;
  readonly port: number;
  readonly lines: LogLine[];
  /** Reasons of the warnings so far. */
  warnings(): string[];
}

export const mebibyte = 1024 * 1024;

export interface StageOptions extends Partial<MemoryFrontOptions> {
  readonly limits?: Partial<NbdLimits>;
}

export async function startStage({ limits = {}, ...frontOptions }: StageOptions = {}): Promise<Stage> {
  const lines: LogLine[] = [];
  const at = (level: keyof Log) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const volumes = [
    { name: "vol-a", sizeBytes: mebibyte },
    { name: "vol-r", sizeBytes: mebibyte, readOnly: true },
  ];
  const front = createMemoryFront({ volumes, ...frontOptions });
  const server = await startNbdServer({ front, listen: { host: "127.0.0.1", port: 0 }, log, limits });
  const warnings = (): string[] =>
    lines.filter((line) => line.level === "warn").map((line) => String(line.fields["reason"]));
  return { server, front, port: server.address.port, lines, warnings };
}

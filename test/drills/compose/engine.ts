/** The docker engine that drills run on: the one that is there, or a private one that is stopped again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, tryCommand } from "./command.js";

export interface Engine {
  /** Environment of every docker command. */
  readonly env: NodeJS.ProcessEnv;
  /** `docker-compose`, or `docker compose`. */
  readonly compose: readonly string[];
  readonly description: string;
  stop(): Promise<void>;
}

export interface NoEngine {
  readonly why: string;
}

const startTimeoutMs = 600_000;
const baseImage = "node:24-bookworm-slim";

export async function findEngine(repository: string): Promise<Engine | NoEngine> {
  const script = join(repository, "test/drills/compose/engine.sh");
  const own = (await tryCommand(["docker", "info"])).exitCode === 0 ? null : await startPrivate(script);
  if (own !== null && "why" in own) return own;
  const env: NodeJS.ProcessEnv = { ...process.env, ...own?.env };
  const stop = async (): Promise<void> => {
    if (own !== null) await runCommand([script, "stop", own.directory]);
  };
  try {
    const compose = await findCompose(env);
    const image = env["NODE_IMAGE"] ?? baseImage;
    const made = await tryCommand([script, "base-image", image], { env, timeoutMs: startTimeoutMs });
    const why = compose === null ? "there is no docker-compose" : `no base image ${image}: ${made.stderr.trim()}`;
    if (compose === null || made.exitCode !== 0) {
      await stop();
      return { why };
    }
    return { env, compose, description: own === null ? "the engine that is there" : "a private engine", stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface PrivateEngine {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

async function startPrivate(script: string): Promise<PrivateEngine | NoEngine> {
  const directory = await mkdtemp(join(tmpdir(), "waystation-engine-"));
  const { exitCode, stdout, stderr } = await tryCommand([script, "start", directory], { timeoutMs: startTimeoutMs });
  if (exitCode === 0) {
    // It has no default bridge, so builds use the machine's network.
    return { directory, env: { DOCKER_HOST: stdout.trim(), WAYSTATION_BUILD_NETWORK: "host" } };
  }
  await rm(directory, { recursive: true, force: true });
  return { why: `no docker engine answers, and none can be started: ${stderr.trim().split("\n").at(-1) ?? ""}` };
}

async function findCompose(env: NodeJS.ProcessEnv): Promise<readonly string[] | null> {
  for (const compose of [["docker-compose"], ["docker", "compose"]])
    if ((await tryCommand([...compose, "version"], { env })).exitCode === 0) return compose;
  return null;
}

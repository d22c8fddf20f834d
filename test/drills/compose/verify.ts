/** What every drill ends with: the check of the dependent writes, a comparison of volumes, and no daemon that crashed. */
import type { Cluster } from "./cluster.js";
import { auditChain, type ChainAudit } from "./dependent-writes.js";
import type { Writer } from "./writer.js";

/** Before a takeover, when all is quiet: both sides hold the chain, and the same bytes. */
export async function verifyBothSides(cluster: Cluster, writer: Writer): Promise<ChainAudit> {
  await cluster.waitSynced();
  const far = await readSide(cluster, "secondary");
  const near = await readSide(cluster, "primary");
  for (const [volume, content] of near)
    if (!far.get(volume)?.equals(content)) throw new Error(`${volume} differs between its primary and its secondary`);
  return verifyChain(cluster, far, writer);
}

/** After a takeover: the far side holds exactly 1..K and nothing else. */
export async function verifyFarSide(cluster: Cluster, writer: Writer): Promise<ChainAudit> {
  return verifyChain(cluster, await readSide(cluster, "secondary"), writer);
}

async function readSide(cluster: Cluster, side: "primary" | "secondary"): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const [volume, nodes] of cluster.homes) contents.set(volume, await cluster.readVolume(nodes[side], volume));
  return contents;
}

function verifyChain(cluster: Cluster, contents: ReadonlyMap<string, Buffer>, writer: Writer): ChainAudit {
  const audit = auditChain(cluster.chain, contents, { acknowledged: writer.acknowledged(), issued: writer.issued() });
  if (audit.problems.length > 0) throw new Error(`the dependent writes do not hold:\n  ${audit.problems.join("\n  ")}`);
  return audit;
}

/** A daemon that fails an assertion is brought back by its restart policy: it must not pass unseen. */
export async function verifyNoCrash({ containers }: Cluster): Promise<void> {
  for (const service of containers.services) {
    const log = await containers.logOf(service);
    const crash = log
      .split("\n")
      .find((line) => line.includes('"event":"crashed"') || /FATAL ERROR|Assertion/.test(line));
    if (crash !== undefined) throw new Error(`${service} crashed: ${crash}`);
  }
}

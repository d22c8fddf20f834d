/** One group of the cluster file, as its members say it stands. */
import type { Cluster, GroupConfig } from "@waystation/config/cluster";
import type { Context } from "./context.js";
import { wayctlFailure } from "./errors.js";
import { viewGroup, type GroupView } from "./group-view.js";
import { surveyCluster, type NodeAnswer } from "./survey.js";

/** Throws `USAGE`. */
export function groupNamed(cluster: Cluster, name: string): GroupConfig {
  const group = cluster.groups.find((candidate) => candidate.name === name);
  if (group !== undefined) return group;
  const names = cluster.groups.map((candidate) => candidate.name).join(", ");
  throw wayctlFailure("USAGE", `cluster ${cluster.name} has no group ${JSON.stringify(name)}; it has ${names}`);
}

export interface SurveyedGroup {
  readonly config: GroupConfig;
  readonly answers: readonly NodeAnswer[];
  readonly view: GroupView;
}

export async function surveyGroup({ ports, cluster }: Context, name: string): Promise<SurveyedGroup> {
  const file = await cluster();
  const config = groupNamed(file, name);
  const answers = await surveyCluster(file, ports.connect);
  return { config, answers, view: viewGroup(file, config, answers) };
}

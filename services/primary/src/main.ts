/** The primary service: one daemon of a node whose role in `cluster.yaml` is `primary`. */
import { hostProcess } from "@waystation/daemon/host-process";
import { runDaemon } from "@waystation/daemon/run-daemon";

await runDaemon({ role: "primary", process: hostProcess(process) });

/** The secondary service: one daemon of a node whose role in `cluster.yaml` is `secondary`. */
import { hostProcess } from "@waystation/daemon/host-process";
import { runDaemon } from "@waystation/daemon/run-daemon";

await runDaemon({ role: "secondary", process: hostProcess(process) });

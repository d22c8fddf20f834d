/** The intermediate service: one daemon of a node whose role in `cluster.yaml` is `intermediate`. */
import { hostProcess } from "@waystation/daemon/host-process";
import { runDaemon } from "@waystation/daemon/run-daemon";

await runDaemon({ role: "intermediate", process: hostProcess(process) });

/** The contracts' types that the replication protocol is written in, gathered so that a machine has one import. */
export type { Epoch, GroupName, NodeName, OriginNumber, Sequence, VolumeName } from "@waystation/contracts/ids";
export type { JournalRecord, MarkValue, RecordKind } from "@waystation/contracts/journal";

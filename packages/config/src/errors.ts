/** The codes that this package fails with; each has a row in docs/errors.md. */
export const configErrorCodes = [
  "CONFIG_UNREADABLE", // the file cannot be read
  "CONFIG_INVALID", // the file says something that cannot be run; the message lists all of it
  "CONFIG_UNKNOWN_NODE", // a node was asked for that the file does not name
] as const;
export type ConfigErrorCode = (typeof configErrorCodes)[number];

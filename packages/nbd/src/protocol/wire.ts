/**
 * The NBD wire structures and their numbers, and nothing else (NetworkBlockDevice/nbd, doc/proto.md). All integers
 * are big-endian. Only what this server sends or understands is named here.
 *
 *   hello, server to client                     client flags, client to server
 *   0        8        16    18                  0     4
 *   | NBDMAGIC | IHAVEOPT | flags |             | flags |
 *
 *   option, client to server                    option reply, server to client
 *   0        8        12       16               0       8        12     16       20
 *   | IHAVEOPT | option | length | data...      | magic | option | type | length | data...
 *
 *   reply to EXPORT_NAME (no header)            data of INFO and GO
 *   0      8       10                           0             4               4+n
 *   | size | flags | 124 zeros unless NO_ZEROES | name length n | name | count | count x 16-bit info type |
 *
 *   data of REP_SERVER                          data of REP_INFO
 *   0             4                             0      2
 *   | name length | name | text for people      | type | depends on the type
 *
 *   INFO_EXPORT: | size 64 | flags 16 |         INFO_BLOCK_SIZE: | min 32 | preferred 32 | payload max 32 |
 *
 *   request, client to server                                      simple reply, server to client
 *   0       4       6      8        16       24       28           0       4       8        16
 *   | magic | flags | type | cookie | offset | length | payload    | magic | error | cookie | payload
 *                                              (of WRITE)                                    (of READ, no error)
 */

/** 64-bit magics are kept as two halves: no bigint in the parser. */
export const helloMagicHigh = 0x4e42444d; // "NBDM"
export const helloMagicLow = 0x41474943; // "AGIC"
export const optionMagicHigh = 0x49484156; // "IHAV"
export const optionMagicLow = 0x454f5054; // "EOPT"
export const optionReplyMagicHigh = 0x0003e889;
export const optionReplyMagicLow = 0x045565a9;
export const requestMagic = 0x25609513;
export const simpleReplyMagic = 0x67446698;

export const helloBytes = 18;
export const clientFlagsBytes = 4;
export const optionHeaderBytes = 16;
export const optionReplyHeaderBytes = 20;
export const requestHeaderBytes = 28;
export const simpleReplyBytes = 16;
export const exportNameReplyBytes = 10;
export const exportNamePaddingBytes = 124;

export const handshakeFlags = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const options = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const;

export const replyTypes = {
  ack: 1,
  server: 2,
  info: 3,
  errUnsupported: 0x80000001,
  errPolicy: 0x80000002,
  errInvalid: 0x80000003,
  errUnknown: 0x80000006,
  errShutdown: 0x80000007,
} as const;
export type ReplyType = (typeof replyTypes)[keyof typeof replyTypes];

export const infoTypes = { export: 0, name: 1, description: 2, blockSize: 3 } as const;

export const transmissionFlags = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  sendFlush: 1 << 2,
  sendFua: 1 << 3,
  sendTrim: 1 << 5,
  sendWriteZeroes: 1 << 6,
  canMultiConn: 1 << 8,
} as const;

export const commands = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6 } as const;

export const commandFlags = { fua: 1 << 0, noHole: 1 << 1 } as const;

/** The only errors that may go on the wire; 0 is success. */
export const nbdErrors = {
  EPERM: 1,
  EIO: 5,
  EINVAL: 22,
  ENOSPC: 28,
  ESHUTDOWN: 108,
} as const;
export type NbdError = (typeof nbdErrors)[keyof typeof nbdErrors];

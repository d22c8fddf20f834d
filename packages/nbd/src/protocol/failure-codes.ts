/** The one table from the codes a block request can fail with to what an NBD client is told. */
import type { BlockErrorCode } from "@waystation/contracts/errors";
import { nbdErrors, replyTypes, type NbdError, type ReplyType } from "./wire.js";

/**
 * A request on an open export that turns out to be closed is answered ESHUTDOWN: the client is to leave and come
 * back, and its session is about to be closed anyway.
 */
export const requestErrors: Readonly<Record<BlockErrorCode, NbdError>> = {
  OUT_OF_RANGE: nbdErrors.EINVAL,
  READ_ONLY: nbdErrors.EPERM,
  VOLUME_NOT_OPEN: nbdErrors.ESHUTDOWN,
  UNKNOWN_VOLUME: nbdErrors.ESHUTDOWN,
  HELD_TOO_LONG: nbdErrors.EIO,
  GROUP_SUSPENDED: nbdErrors.EIO,
  IO_ERROR: nbdErrors.EIO,
  NO_SPACE: nbdErrors.ENOSPC,
  SHUTTING_DOWN: nbdErrors.ESHUTDOWN,
};

/** The same codes as answers to an option that wants to open an export: "not available" or "policy" with the reason as text. */
export const openErrors: Readonly<Record<BlockErrorCode, ReplyType>> = {
  OUT_OF_RANGE: replyTypes.errInvalid,
  READ_ONLY: replyTypes.errPolicy,
  VOLUME_NOT_OPEN: replyTypes.errUnknown,
  UNKNOWN_VOLUME: replyTypes.errUnknown,
  HELD_TOO_LONG: replyTypes.errPolicy,
  GROUP_SUSPENDED: replyTypes.errPolicy,
  IO_ERROR: replyTypes.errPolicy,
  NO_SPACE: replyTypes.errPolicy,
  SHUTTING_DOWN: replyTypes.errShutdown,
};

export function isBlockErrorCode(code: string): code is BlockErrorCode {
  return Object.hasOwn(requestErrors, code);
}

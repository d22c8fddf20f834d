/** gRPC calls made by hand on HTTP/2, so that their frames may be wrong. */
import { connect, constants } from "node:http2";

export interface GrpcAnswer {
  /** The gRPC status code; -1 when the call ended without one. */
  readonly status: number;
  readonly message: string;
  /** `waystation-reason`, if the server named one. */
  readonly reason: string;
}

const deadlineText = "5S";

/** Sends one body to a method, such as `/waystation.v1.BlockService/Write`, and waits for how the call ends. */
export async function callRaw(address: string, method: string, body: Buffer): Promise<GrpcAnswer> {
  const session = connect(`http://${address}`);
  try {
    return await new Promise<GrpcAnswer>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: method,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
        [constants.HTTP2_HEADER_TE]: "trailers",
        "grpc-timeout": deadlineText,
      });
      let headers: Readonly<Record<string, string | string[] | undefined>> = {};
      const note = (more: typeof headers): void => {
        headers = { ...headers, ...more };
      };
      stream.on("response", note);
      stream.on("trailers", note);
      stream.on("error", () => {});
      stream.on("close", () => {
        resolve({
          status: Number(headers["grpc-status"] ?? -1),
          message: decodeURIComponent(String(headers["grpc-message"] ?? "")),
          reason: String(headers["waystation-reason"] ?? ""),
        });
      });
      stream.resume();
      stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

/** One message as gRPC frames it: a flag, the length, the bytes. The length may be told wrong. */
export function grpcFrame(message: Buffer, toldLength = message.length): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(toldLength, 1);
  return Buffer.concat([header, message]);
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure } from "@waystation/contracts/errors";
import { payloadBytesMax } from "../limits.js";
import { request, type RequestFields } from "../testing/frames.js";
import { createIntake } from "./intake.js";
import { createRequestParser } from "./request-parser.js";

interface Parsed {
  readonly requests: Required<RequestFields>[];
  readonly failure: string | null;
}

const none = Buffer.alloc(0);

/** Every request is refused its memory at first, and asks again. */
function parse(chunks: readonly Buffer[]): Parsed {
  const intake = createIntake();
  let asked = 0;
  const parser = createRequestParser(intake, () => asked++ % 2 === 1);
  const requests: Required<RequestFields>[] = [];
  for (const chunk of chunks) {
    intake.push(chunk);
    for (;;) {
      const step = parser.next();
      if (step === "starved") break;
      if (step === "held") continue;
      if (step !== "request") return { requests, failure: String(step.details["violation"]) };
      const { type, flags, lengthBytes, offsetBytes, payload, cookieHigh, cookieLow } = parser.frame;
      const cookie = (BigInt(cookieHigh >>> 0) << 32n) | BigInt(cookieLow >>> 0);
      const offset = BigInt(offsetBytes);
      requests.push({ type, flags, cookie, offset, length: lengthBytes, payload: payload ?? none });
    }
    expect(intake.availableBytes()).toBeLessThan(28);
  }
  return { requests, failure: null };
}

/** Cuts `bytes` at the places given. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((start, i) => bytes.subarray(start, sorted[i] ?? bytes.length));
}

const someRequest: fc.Arbitrary<Required<RequestFields>> = fc
  .record({
    type: fc.integer({ min: 0, max: 9 }),
    flags: fc.integer({ min: 0, max: 0xffff }),
    cookie: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    offset: fc.bigInt({ min: 0n, max: 1n << 53n }),
    length: fc.integer({ min: 0, max: 0xffff_ffff }),
    payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  })
  .map((fields) => (fields.type === 1 ? { ...fields, length: fields.payload.length } : { ...fields, payload: none }));

describe("the request parser", () => {
  it("F2: finds the same requests whatever the chunks are, byte by byte included", () => {
    fc.assert(
      fc.property(fc.array(someRequest, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 30 }), (sent, places) => {
        const bytes = Buffer.concat(sent.map(request));
        const byBytes = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
        for (const chunks of [[bytes], byBytes, cut(bytes, places)])
          expect(parse(chunks)).toEqual({ requests: sent, failure: null });
      }),
    );
  });

  it("hands over the payload of a WRITE in memory of its own", () => {
    const intake = createIntake();
    const parser = createRequestParser(intake, () => true);
    const chunk = request({ type: 1, payload: Buffer.from("abcd") });
    intake.push(chunk);
    expect(parser.next()).toBe("request");
    chunk.fill(0);
    expect(parser.frame.payload?.toString()).toBe("abcd");
    expect(parser.frame.payload?.buffer.byteLength).toBe(4);
  });

  it("an offset beyond 2^53 stays beyond it", () => {
    const intake = createIntake();
    const parser = createRequestParser(intake, () => true);
    for (const offset of [(1n << 53n) + 1n, (1n << 63n) + 1n, (1n << 64n) - 1n]) {
      intake.push(request({ type: 0, offset, length: 1 }));
      expect(parser.next()).toBe("request");
      expect(parser.frame.offsetBytes).toBeGreaterThanOrEqual(Number.MAX_SAFE_INTEGER);
    }
  });

  it("bytes that are no request are a typed failure", () => {
    expect(parse([Buffer.from("GET / HTTP/1.1\r\nHost: example\r\n\r\n")]).failure).toBe("BAD_REQUEST_MAGIC");
  });

  it("a WRITE of more than was advertised is a typed failure before any payload is awaited", () => {
    expect(parse([request({ type: 1, length: payloadBytesMax + 1 })]).failure).toBe("PAYLOAD_TOO_LONG");
    expect(parse([request({ type: 1, length: payloadBytesMax })])).toEqual({ requests: [], failure: null });
  });

  it("no bytes make it throw", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      someRequest.map(request),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (chunks) => {
        parse(chunks);
      }),
    );
  });

  it("its failures are Failures of the one documented code", () => {
    const intake = createIntake();
    intake.push(Buffer.alloc(28));
    expect(isFailure(createRequestParser(intake, () => true).next(), "NBD_PROTOCOL_ERROR")).toBe(true);
  });
});

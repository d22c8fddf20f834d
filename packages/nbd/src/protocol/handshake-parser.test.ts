import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameBytesMax, optionBytesMax } from "../limits.js";
import { clientFlags, option, question } from "../testing/frames.js";
import { createHandshakeParser, type HandshakeStep } from "./handshake-parser.js";
import { createIntake } from "./intake.js";
import { options, replyTypes } from "./wire.js";

function parse(chunks: readonly Buffer[]): HandshakeStep[] {
  const intake = createIntake();
  const parser = createHandshakeParser(intake);
  const steps: HandshakeStep[] = [];
  for (const chunk of chunks) {
    intake.push(chunk);
    for (let step = parser.next(); step !== null; step = parser.next()) {
      steps.push(step);
      if (step.kind === "violation") return steps;
    }
  }
  return steps;
}

/** What the parser makes of one option after good client flags. */
function understood(bytes: Buffer): HandshakeStep | undefined {
  return parse([clientFlags(3), bytes])[1];
}

function violationOf(steps: readonly HandshakeStep[]): unknown {
  const last = steps.at(-1);
  return last?.kind === "violation" ? last.failure.details["violation"] : null;
}

describe("the handshake parser", () => {
  const wholeHandshake = Buffer.concat([
    clientFlags(1),
    option(77, Buffer.from("some data of an option to come")),
    option(options.structuredReply),
    option(options.list),
    option(options.info, question("vol-a", [0, 3])),
    option(options.go, question("vol-a")),
  ]);

  it("F2: reads on after options that it does not know, whatever the chunks are", () => {
    const expected = [
      { kind: "client-flags", noZeroes: false },
      { kind: "refused", option: 77, reply: replyTypes.errUnsupported },
      { kind: "refused", option: options.structuredReply, reply: replyTypes.errUnsupported },
      { kind: "list", option: options.list },
      { kind: "info", option: options.info, name: "vol-a", wanted: [0, 3] },
      { kind: "go", option: options.go, name: "vol-a", wanted: [] },
    ];
    for (const size of [1, 2, 3, 5, 7, 16, 31, wholeHandshake.length]) {
      const count = Math.ceil(wholeHandshake.length / size);
      const chunks = Array.from({ length: count }, (_, i) => wholeHandshake.subarray(i * size, (i + 1) * size));
      expect(parse(chunks)).toMatchObject(expected);
    }
  });

  it("TLS is refused as policy, metadata contexts as unsupported", () => {
    expect(understood(option(options.startTls))).toMatchObject({ reply: replyTypes.errPolicy });
    expect(understood(option(options.listMetaContext))).toMatchObject({ reply: replyTypes.errUnsupported });
    expect(understood(option(options.setMetaContext))).toMatchObject({ reply: replyTypes.errUnsupported });
  });

  it.each([
    ["LIST with data", option(options.list, Buffer.from("x"))],
    ["GO without its counts", option(options.go, Buffer.alloc(5))],
    ["GO whose name is longer than the option", option(options.go, Buffer.from([0, 0, 0, 9, 0x61, 0, 0]))],
    ["INFO with a list shorter than announced", option(options.info, question("v", [1, 2]).subarray(0, -2))],
    ["INFO with bytes after its list", option(options.info, Buffer.concat([question("v"), Buffer.alloc(2)]))],
    ["GO with a name beyond what is legal", option(options.go, question("n".repeat(nameBytesMax + 1)))],
  ])("%s is invalid, and the next option is read", (_, bytes) => {
    const steps = parse([clientFlags(3), bytes, option(options.abort)]);
    expect(steps[1]).toMatchObject({ kind: "refused", reply: replyTypes.errInvalid });
    expect(steps[2]).toMatchObject({ kind: "abort" });
  });

  it("what makes the stream unreadable ends the session, by kind", () => {
    expect(violationOf(parse([clientFlags(4)]))).toBe("BAD_CLIENT_FLAGS");
    expect(violationOf(parse([clientFlags(3), Buffer.alloc(16)]))).toBe("BAD_OPTION_MAGIC");
    const tooLong = option(99, Buffer.alloc(optionBytesMax + 1)).subarray(0, 16);
    expect(violationOf(parse([clientFlags(3), tooLong]))).toBe("OPTION_TOO_LONG");
    const longName = option(options.exportName, Buffer.alloc(nameBytesMax + 1, 0x61));
    expect(violationOf(parse([clientFlags(3), longName]))).toBe("OPTION_TOO_LONG");
  });

  it("no bytes make it throw", () => {
    const known = fc.constantFrom(...Object.values(options), 4, 1000);
    const data = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
    const piece = fc.oneof(
      data,
      fc.tuple(known, data).map(([number, bytes]) => option(number, bytes)),
    );
    fc.assert(
      fc.property(fc.boolean(), fc.array(piece, { maxLength: 20 }), (greets, chunks) => {
        parse(greets ? [clientFlags(3), ...chunks] : chunks);
      }),
    );
  });
});
